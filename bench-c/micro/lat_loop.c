// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: nothing; one turn of the loop that every benchmark has around its operation.
 * Why: the floor of the harness. A change of this figure is a change of the core's frequency
 * or of the harness, never of the kernel, so it tells a machine that changed from a kernel
 * that did.
 * Source: the loop overhead of system measurement reports; lmbench paper (McVoy and Staelin,
 * "lmbench: Portable Tools for Performance Analysis", USENIX 1996), which subtracts it.
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

static const struct bench lat_loop = {
	.name = "lat_loop",
	.summary = "one turn of an empty loop",
	.doc = "Times one turn of the empty loop, with a compiler barrier, that stands around each\n"
	       "operation of the other benchmarks: an increment, a comparison and a jump taken. The\n"
	       "figure is raw: neither the clock nor the loop is subtracted. No kernel code runs, so\n"
	       "a change means another core frequency, a busy neighbour or another harness, and\n"
	       "casts doubt on all other figures of the run. Loops are aligned to 64 bytes, because\n"
	       "the same loop across two fetch blocks may take twice as long; a loop compiled\n"
	       "without optimisation, with its counter in memory, takes about six times as long.\n"
	       "Idea: the loop overhead of system measurement reports; null of kbench has it\n"
	       "subtracted.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.raw = true,
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_loop);
