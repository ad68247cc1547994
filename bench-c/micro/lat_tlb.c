// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a pointer chase with one line in each page, minus the same chase over as many lines
 * packed together.
 * Why: what is left is the translation of addresses: nothing while the first TLB holds the
 * pages, then a lookup in the second, then a page walk. Nested paging makes that walk longer,
 * so it is one of the few costs of a virtual machine that user code pays all the time.
 * Source: lmbench paper (USENIX 1996), which stopped short of it; Saavedra (1992).
 */
#include "bench_memory.h"

#include <unistd.h>

enum { LOADS_PER_TURN = 100, PAGES_DEFAULT = 16384 };

struct data {
	struct bench_memory memory;
	struct bench_memory packed_memory;
	struct bench_chain chain;
	struct bench_chain packed;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (size_t)bench_value(state, "pages");
	struct bench_slots slots = {
		.count = pages, .stride = page, .stagger = page / BENCH_LINE_BYTES};
	struct bench_slots packed = {.count = pages, .stride = BENCH_LINE_BYTES, .stagger = 1};

	int error = bench_memory_open(state, &data->memory, pages * page,
				      bench_chains_besides(&slots), BENCH_PAGES_BASE);
	if (error == 0)
		error = bench_memory_open(state, &data->packed_memory, pages * BENCH_LINE_BYTES,
					  bench_chains_besides(&packed), BENCH_PAGES_BASE);
	if (error != 0)
		return error;
	slots.start = data->memory.start;
	packed.start = data->packed_memory.start;
	error = bench_chains_link(state, &data->chain, 1, &slots, BENCH_ORDER_RANDOM);
	if (error == 0)
		error = bench_chains_link(state, &data->packed, 1, &packed, BENCH_ORDER_RANDOM);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_node *node = data->chain.at;
	uint64_t turns;

	for (turns = 0; turns < iterations; turns++) {
		BENCH_LOADS_100(node);
	}
	return bench_chain_walked(state, &data->chain, node, turns * LOADS_PER_TURN);
}

static int overhead(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_node *node = data->packed.at;
	uint64_t turns;

	for (turns = 0; turns < iterations; turns++) {
		BENCH_LOADS_100(node);
	}
	return bench_chain_walked(state, &data->packed, node, turns * LOADS_PER_TURN);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->chain.loads + data->packed.loads;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_memory_close(&data->memory);
	bench_memory_close(&data->packed_memory);
}

static const struct bench_parameter parameters[] = {
	{.name = "pages",
	 .about = "pages visited in turn, one line in each",
	 .value = PAGES_DEFAULT,
	 .min = 8,
	 .max = 1 << 18},
	{0},
};

static const struct bench lat_tlb = {
	.name = "lat_tlb",
	.summary = "address translation of a load, by the number of pages (TLB miss)",
	.doc = "Times dependent loads along a random cycle with one line in each of `pages` base\n"
	       "pages, each page's line one further than the last so that all cache sets are used\n"
	       "alike. The same number of loads from as many lines packed together, in random\n"
	       "order too, is measured first, reported as \"overhead\", and its minimum subtracted:\n"
	       "both need as many lines of cache and neither can be prefetched, so what is left is\n"
	       "the translation. It is about nothing while the first TLB holds the pages, a few\n"
	       "cycles while the second does, and a page walk beyond, in a virtual machine one\n"
	       "through both page tables. The page tables' own lines compete for the caches: that\n"
	       "is part of the cost. Beyond 4096 pages the packed lines need more than 64 pages,\n"
	       "so that a hit in the second TLB is subtracted too. Default: 16384 pages, beyond\n"
	       "the second TLBs of today. For small numbers the figure may come out as 0 or, from\n"
	       "noise, just below. Work proof: both walks must end at the position of their cycle\n"
	       "that the number of loads leads to. Idea: Saavedra 1992; the lmbench paper stops\n"
	       "short of it, lmbench's tlb prints a number of pages.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.operations_per_iteration = LOADS_PER_TURN,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.may_be_zero = true,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.overhead = overhead,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_tlb);
