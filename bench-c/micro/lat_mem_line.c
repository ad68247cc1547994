// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: dependent loads in pairs, the second a given distance from the first, the pairs all
 * over memory.
 * Why: while both are in one cache line only the first misses. The distance from which on both
 * do is the line's size, which decides how data structures are laid out.
 * Source: lmbench paper (USENIX 1996), memory read latency, which reads it from strides.
 */
#include "bench_memory.h"

enum { LOADS_PER_TURN = 100, SIZE_DEFAULT = 128 << 10, BLOCK_BYTES = 1024 };

static int setup(struct bench_state *state)
{
	struct bench_chase *chase = bench_data(state);
	size_t size = (size_t)bench_value(state, "size_bytes");
	struct bench_slots slots = {
		.count = size / BLOCK_BYTES,
		.stride = BLOCK_BYTES,
		.stagger = 1,
		.pair_distance = (size_t)bench_value(state, "distance_bytes"),
	};

	if (slots.pair_distance % sizeof(struct bench_node) != 0)
		return bench_skip(state, "needs a distance_bytes that is a multiple of %zu",
				  sizeof(struct bench_node));
	return bench_chains_open(state, &chase->memory, &chase->chain, 1, &slots,
				 BENCH_ORDER_RANDOM);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_chase *chase = bench_data(state);
	struct bench_node *node = chase->chain.at;
	uint64_t turns;

	for (turns = 0; turns < iterations; turns++) {
		BENCH_LOADS_100(node);
	}
	return bench_chain_walked(state, &chase->chain, node, turns * LOADS_PER_TURN);
}

static const struct bench_parameter parameters[] = {
	{.name = "distance_bytes",
	 .about = "from the first load of a pair to the second; a multiple of 16",
	 .value = 64,
	 .min = sizeof(struct bench_node),
	 .max = 256},
	{.name = "size_bytes",
	 .about = "memory with one pair in each 1024 bytes; beyond the cache whose line is asked",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{.name = "pages",
	 .about = "base pages, or transparent huge pages (skipped if the kernel gives none)",
	 .words = bench_pages_names},
	{0},
};

static const struct bench lat_mem_line = {
	.name = "lat_mem_line",
	.summary = "loads in pairs a distance apart: tells the size of a cache line",
	.doc = "Times p = *p along a random cycle of pairs: two places distance_bytes apart, one\n"
	       "pair in each 1024 bytes of size_bytes. While both are in one line only the first\n"
	       "load misses and the figure, per load, is half a miss; from the line's size on it\n"
	       "is a whole one. distance_bytes=16,32,64,128,256 shows the step; kbench levels\n"
	       "reads it. Half of the pairs go upwards from the last line below an even boundary,\n"
	       "half downwards from the first above it, so that prefetchers of the neighbouring\n"
	       "line bring in the wrong one: with plain strides they make lines look twice as\n"
	       "large. The default size, 128 KiB, is beyond the first cache and within the second\n"
	       "of most cores, which is where the step is clearest: prefetchers between memory and\n"
	       "the outer caches still hide most of the second miss at larger sizes. Work proof: the walk must end at the position of the cycle that the\n"
	       "number of loads leads to. Idea: lmbench paper, which compares strides.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.operations_per_iteration = LOADS_PER_TURN,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct bench_chase),
	.setup = setup,
	.run = run,
	.work = bench_chase_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(lat_mem_line);
