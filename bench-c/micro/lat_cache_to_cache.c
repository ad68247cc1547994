// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: half a round trip of a cache line that two threads on two CPUs write in turn.
 * Why: what a contended lock or counter costs before any kernel code runs: the line has to
 * come from the other core's cache, because that core has written it.
 * Source: the multiprocessor measurements that the lmbench paper (USENIX 1996) leaves for
 * later.
 */
#include "bench_memory.h"

#include <stdatomic.h>

enum { HANDOVERS_PER_TRIP = 2 };

struct data {
	struct bench_duet *duet;
};

static int answer(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);

	(void)index;
	return bench_duet_answer(state, data->duet, NULL);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_duet_open(state, &data->duet, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	_Atomic uint64_t *line = &data->duet->turn;
	uint64_t turn = atomic_load_explicit(line, memory_order_acquire);

	for (uint64_t i = 0; i < iterations; i++) {
		atomic_store_explicit(line, turn + 1, memory_order_release);
		turn += HANDOVERS_PER_TRIP;
		while (atomic_load_explicit(line, memory_order_acquire) != turn)
			;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return HANDOVERS_PER_TRIP * data->duet->answers;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	bench_duet_close(data->duet);
}

static const struct bench lat_cache_to_cache = {
	.name = "lat_cache_to_cache",
	.summary = "hand a written cache line to a thread on another CPU (cross-cpu)",
	.doc = "Times a round trip of one cache line between two spinning threads on two CPUs: one\n"
	       "stores the next number, the other waits for it and stores the next but one. Each\n"
	       "load that sees a new number takes a modified line out of the other core's cache,\n"
	       "so the figure, half a round trip, is the one-way cost of a line that moves: the\n"
	       "base price of a contended lock, a shared counter, a ring buffer's index. It\n"
	       "depends on which two CPUs they are: threads of one core, cores under one cache,\n"
	       "two sockets; a virtual machine's host may move them between runs. No kernel code\n"
	       "runs, none sleeps. Needs a CPU for each thread: skipped with same-cpu, and with\n"
	       "free, where the scheduler may put both on one and the figure would be a mixture\n"
	       "with time slices; ask for --placement cross-cpu. Work proof: the other thread\n"
	       "counts its answers, each given only to the right number.\n"
	       "Idea: multiprocessor latency, which the lmbench paper leaves for later.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_BY_PLACEMENT,
	.timeout_s = 10,
	.tasks = 2,
	.operations_per_iteration = HANDOVERS_PER_TRIP,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_cache_to_cache);
