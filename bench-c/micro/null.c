// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: nothing; one turn of the loop that every benchmark has around its operation.
 * Why: the floor of the harness. A change of this figure is a change of the core's frequency
 * or of the harness, never of the kernel, so it tells a machine that changed from a kernel
 * that did.
 * Source: the habit of fio, whose null engine tests fio itself; lmbench paper (McVoy and
 * Staelin, "lmbench: Portable Tools for Performance Analysis", USENIX 1996).
 */
#include "bench.h"

struct data {
	uint64_t turns;
};

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t i;

	for (i = 0; i < iterations; i++)
		bench_barrier();
	data->turns += i;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->turns;
}

static const struct bench null_bench = {
	.name = "null",
	.summary = "the harness itself: an empty loop",
	.doc = "Times the empty loop, with a compiler barrier, that stands around each operation of\n"
	       "the other benchmarks. The figure is raw: neither the clock nor the loop is\n"
	       "subtracted. No kernel code runs, so a change means another core frequency, a busy\n"
	       "neighbour or another harness, and casts doubt on all other figures of the run.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.raw = true,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(null_bench);
