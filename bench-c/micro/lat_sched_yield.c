// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: sched_yield(), alone on a CPU or with another task that yields too.
 * Why: alone it is the way through the scheduler that ends where it began; with a second task
 * the scheduler has a choice, and a switch without sleep and wake-up is in it.
 * Source: sched_yield(2); the yield benchmarks of several suites, which rarely say who is on
 * the CPU besides.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TASKS_MAX = 2 };

struct data {
	bool *stop; /* in memory that both see */
	uint64_t yields;
};

static int peer(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	uint64_t yields = 0;

	while (!__atomic_load_n(data->stop, __ATOMIC_RELAXED)) {
		if (syscall(SYS_sched_yield) != 0)
			return bench_fail(state, "sched_yield: %s", strerror(errno));
		yields++;
	}
	return yields > 0 ? BENCH_OK : bench_fail(state, "the other task never ran");
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->stop = bench_shared(state, sizeof(*data->stop));
	if (data->stop == NULL)
		return BENCH_ERROR;
	return bench_value(state, "tasks") == 2 ? bench_spawn(state, peer) : BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_sched_yield) == 0;
	data->yields += right;
	return right == iterations ? BENCH_OK
				   : bench_fail(state, "sched_yield: %s", strerror(errno));
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->yields;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->stop != NULL)
		__atomic_store_n(data->stop, true, __ATOMIC_RELAXED);
}

static const struct bench_parameter parameters[] = {
	{.name = "tasks",
	 .about = "2: another process yields too, with same-cpu on the same CPU",
	 .value = 1,
	 .min = 1,
	 .max = TASKS_MAX},
	{0},
};

static const struct bench lat_sched_yield = {
	.name = "lat_sched_yield",
	.summary = "yield the CPU, alone on it or in turn with another task",
	.doc = "Times syscall(SYS_sched_yield) of one process. Alone on its CPU it is entry and exit,\n"
	       "the run queue's lock and a scheduler that finds nobody else. With tasks=2 another\n"
	       "process on that CPU does nothing but yield too: where yields alternate, an operation\n"
	       "is two yields and two switches, without sleep or wake-up, which lat_ctx has. Whether\n"
	       "they do is the scheduler's policy: look at the switches per operation beside the\n"
	       "figure. With placement free the other process may be on another CPU, and then each is\n"
	       "alone. On a CPU where other tasks run as well the figure is theirs.\n"
	       "Work proof: each call's return value is counted; with tasks=2 the other process must\n"
	       "have yielded too.\n"
	       "Idea: yield benchmarks of other suites; see sched_yield(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_sched_yield);
