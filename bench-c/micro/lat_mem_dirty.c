// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a pointer chase that also writes a word of each line it comes to.
 * Why: a line that was written must go back before its place in a cache can be used again, so
 * beyond each cache's size every miss moves two lines. Programs write; lat_mem only reads.
 * Source: lmbench paper (USENIX 1996), future work: dirty-read latency.
 */
#include "bench_memory.h"

enum { LOADS_PER_TURN = 100, SIZE_DEFAULT = 128 << 20 };

struct data {
	struct bench_chase chase;
	struct bench_node *first; /* where the last run began, and what it left there */
	uint64_t mark;
};

/* Larger than a node, with the mark in the same line. */
struct place {
	struct bench_node node;
	uint64_t mark;
};

static inline __attribute__((always_inline)) struct bench_node *
write_and_load(struct bench_node *node, uint64_t mark)
{
	volatile uint64_t *word = &((struct place *)(void *)node)->mark;

	*word = mark;
	return node->next;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t size = (size_t)bench_value(state, "size_bytes");
	struct bench_slots slots = {
		.count = size / BENCH_LINE_BYTES, .stride = BENCH_LINE_BYTES, .stagger = 1};

	return bench_chains_open(state, &data->chase.memory, &data->chase.chain, 1, &slots,
				 BENCH_ORDER_RANDOM);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_node *node = data->chase.chain.at;
	uint64_t mark = ++data->mark;
	uint64_t turns;

	data->first = node;
	for (turns = 0; turns < iterations; turns++) {
#pragma GCC unroll 100
		for (unsigned i = 0; i < LOADS_PER_TURN; i++)
			node = write_and_load(node, mark);
	}
	return bench_chain_walked(state, &data->chase.chain, node, turns * LOADS_PER_TURN);
}

/* Follows the first places of the walk again: each must hold what this run wrote. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const struct bench_node *node = data->first;
	uint64_t looks = iterations == 0 ? 0 : LOADS_PER_TURN;

	for (uint64_t i = 0; i < looks; i++, node = node->next)
		if (((const struct place *)(const void *)node)->mark != data->mark)
			return bench_fail(state, "a line of the chain was not written");
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "memory that the chain goes through; at most half of what is available",
	 .value = SIZE_DEFAULT,
	 .min = 512,
	 .max = 4ll << 30},
	{.name = "pages",
	 .about = "base pages, or transparent huge pages (skipped if the kernel gives none)",
	 .words = bench_pages_names},
	{0},
};

static const struct bench lat_mem_dirty = {
	.name = "lat_mem_dirty",
	.summary = "a dependent load from lines that are all written too (dirty chase)",
	.doc = "Times, 100 in a row for each turn of the loop, a store to the line of a pointer and\n"
	       "the load of the next pointer from the same line, along one random cycle through\n"
	       "size_bytes. Every line is dirty when it is replaced, so each miss also writes a\n"
	       "line back to the next level. The store does not wait, the load does: the figure\n"
	       "is the latency of a load under that traffic, and its difference to lat_mem with\n"
	       "the same parameters is what write-back costs. Base pages: page walks are in the\n"
	       "figure as in lat_mem. Work proof: the walk must end at the position of the cycle\n"
	       "that the number of loads leads to, and the places where it began must hold the\n"
	       "number of this run. Idea: lmbench paper, which left dirty-read latency as future\n"
	       "work.",
	.figure = BENCH_LATENCY,
	.timeout_s = 300,
	.operations_per_iteration = LOADS_PER_TURN,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = bench_chase_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(lat_mem_dirty);
