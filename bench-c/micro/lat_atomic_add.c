// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: an atomic addition to one word; by several threads at once.
 * Why: the smallest thing that cores can contend for: a reference count or a statistic. The
 * cache line travels with each addition, and no lock can be cheaper.
 * Source: will-it-scale and perf c2c study the same; the Intel and Arm manuals on atomics.
 */
#include "bench_contenders.h"

struct shared {
	struct bench_contenders contenders;
	_Alignas(BENCH_CACHE_LINE) uint64_t count;
};

static void add(struct bench_contenders *contenders, unsigned number, uint64_t iterations)
{
	struct shared *shared = (struct shared *)contenders;

	(void)number;
	for (uint64_t i = 0; i < iterations; i++)
		(void)__atomic_fetch_add(&shared->count, 1, __ATOMIC_RELAXED);
}

static int setup(struct bench_state *state)
{
	struct shared *shared = bench_contenders_start(state, sizeof(struct shared), add);

	return shared == NULL ? BENCH_ERROR : BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct shared *shared = bench_contenders_shared(state);

	return shared->count;
}

static const struct bench lat_atomic_add = {
	.name = "lat_atomic_add",
	.summary = "add to one word atomically, by several threads at once",
	.doc = "Times an atomic addition of 1 to a word in a cache line of its own (on x86 a locked\n"
	       "instruction, on arm64 the one that the processor or its libc provides), without regard\n"
	       "to the order of other accesses. With several threads each does as many, from a common\n"
	       "start to the end of the last; the figure is the time per addition, whoever's it is. No\n"
	       "system call is made, so it is a property of the machine, and a yardstick for locks: each\n"
	       "of them needs at least one such addition. Use placement=cross-cpu for threads. Work\n"
	       "proof: the final value must be the sum of all additions, which a plain addition would\n"
	       "miss.\n"
	       "Idea: the usual test of cache line bouncing.",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.tasks_parameter = "threads",
	.parameters = bench_contenders_parameters,
	.data_size = sizeof(struct bench_contenders *),
	.setup = setup,
	.prepare = bench_contenders_prepare,
	.run = bench_contenders_run,
	.work = work,
	.teardown = bench_contenders_teardown,
};
BENCH_REGISTER(lat_atomic_add);
