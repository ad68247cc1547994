// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: p = *p, back to back, along a cycle of pointers through memory.
 * Why: each load needs the result of the one before, so what is timed is the whole way to the
 * cache or memory that has the line, with nothing overlapped. Seen over sizes it draws the
 * memory hierarchy.
 * Source: lmbench paper (USENIX 1996), memory read latency; Saavedra (1992) for the method.
 */
#include "bench_memory.h"

enum { LOADS_PER_TURN = 100, SIZE_DEFAULT = 128 << 20 };

static int setup(struct bench_state *state)
{
	struct bench_chase *chase = bench_data(state);
	size_t size = (size_t)bench_value(state, "size_bytes");
	size_t stride = (size_t)bench_value(state, "stride_bytes");
	struct bench_slots slots = {.count = size / stride, .stride = stride, .stagger = 1};

	return bench_chains_open(state, &chase->memory, &chase->chain, 1, &slots,
				 (enum bench_order)bench_value(state, "pattern"));
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
	{.name = "size_bytes",
	 .about = "memory that the chain goes through; at most half of what is available",
	 .value = SIZE_DEFAULT,
	 .min = 512,
	 .max = 4ll << 30},
	{.name = "stride_bytes",
	 .about = "distance of two places in it",
	 .value = BENCH_LINE_BYTES,
	 .min = sizeof(struct bench_node),
	 .max = 1 << 20},
	{.name = "pattern",
	 .about = "order of the places: random, random in each page and page after page (few "
		  "TLB misses), or upwards (prefetched)",
	 .words = bench_order_names},
	{.name = "pages",
	 .about = "base pages, or transparent huge pages (skipped if the kernel gives none)",
	 .words = bench_pages_names},
	{0},
};

static const struct bench lat_mem = {
	.name = "lat_mem",
	.summary = "one load that depends on the one before (pointer chase)",
	.doc = "Times p = *p, 100 in a row for each turn of the loop: back-to-back dependent loads\n"
	       "along one cycle through size_bytes of populated memory. The figure is the whole\n"
	       "load-to-use latency of the level that holds the line; lmbench's paper subtracts a\n"
	       "cycle for the instruction, this does not. With pattern=random each line is visited\n"
	       "once a round in random order, which no prefetcher follows; beyond the TLB's reach\n"
	       "the figure has page walks in it, which pages=huge or pattern=page_random mostly\n"
	       "take away. pattern=sequential is the classic strided chain: prefetchers hide the\n"
	       "memory, so it is no latency but what a well-behaved program sees. The default\n"
	       "size, 128 MiB, is beyond most last-level caches; where it is not, give a larger\n"
	       "one. size_bytes=512..256M draws the curve, kbench levels reads it. Base pages are\n"
	       "kept base pages by MADV_NOHUGEPAGE, huge ones are counted in smaps. Work proof:\n"
	       "each place knows its position in the cycle, and the walk must end at the one that\n"
	       "the number of loads leads to. Idea: lmbench paper, memory read latency.",
	.figure = BENCH_LATENCY,
	.timeout_s = 300,
	.operations_per_iteration = LOADS_PER_TURN,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct bench_chase),
	.setup = setup,
	.run = run,
	.work = bench_chase_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(lat_mem);
