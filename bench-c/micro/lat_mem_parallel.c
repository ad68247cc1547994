// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: several independent pointer chases at once, a load of each in turn.
 * Why: a core overlaps the misses of loads that do not depend on each other. How far, which
 * is how many it keeps in flight, decides the speed of programs more than latency alone:
 * lat_mem over this figure is the memory parallelism that was had.
 * Source: lmbench's par_mem for the question; the figure here is per load, not a ratio.
 */
#include "bench_memory.h"

enum { CHAINS_MAX = 16, CHAINS_DEFAULT = 8, ROUNDS_PER_TURN = 16, SIZE_DEFAULT = 128 << 20 };

typedef void chase_fn(struct bench_node **nodes, uint64_t turns);

struct data {
	struct bench_memory memory;
	struct bench_chain chains[CHAINS_MAX];
	unsigned count;
	chase_fn *chase;
};

/* The empty instruction keeps the loads of all chains in turn: a compiler that saw them free
 * would do many of one chain first, and the core would find fewer misses to overlap. */
static inline __attribute__((always_inline)) void chase_one(struct bench_node **at)
{
	*at = (*at)->next;
	__asm__ volatile("" : "+r"(*at));
}

/* With a constant count all loops but the outer disappear and the nodes live in registers. */
static inline __attribute__((always_inline)) void chase(struct bench_node **nodes, unsigned count,
							uint64_t turns)
{
	struct bench_node *at[CHAINS_MAX];

#pragma GCC unroll 16
	for (unsigned i = 0; i < count; i++)
		at[i] = nodes[i];
	for (; turns > 0; turns--) {
#pragma GCC unroll 16
		for (unsigned round = 0; round < ROUNDS_PER_TURN; round++) {
#pragma GCC unroll 16
			for (unsigned i = 0; i < count; i++)
				chase_one(&at[i]);
		}
	}
#pragma GCC unroll 16
	for (unsigned i = 0; i < count; i++)
		nodes[i] = at[i];
}

#define CHASE(count)                                                                               \
	static void chase_##count(struct bench_node **nodes, uint64_t turns)                       \
	{                                                                                          \
		chase(nodes, count, turns);                                                        \
	}
CHASE(1)
CHASE(2)
CHASE(3)
CHASE(4)
CHASE(5)
CHASE(6)
CHASE(7)
CHASE(8)
CHASE(9)
CHASE(10)
CHASE(11)
CHASE(12)
CHASE(13)
CHASE(14)
CHASE(15)
CHASE(16)

static chase_fn *const by_count[CHAINS_MAX + 1] = {
	NULL,	 chase_1,  chase_2,  chase_3,  chase_4,	 chase_5,  chase_6,  chase_7,  chase_8,
	chase_9, chase_10, chase_11, chase_12, chase_13, chase_14, chase_15, chase_16,
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t size = (size_t)bench_value(state, "size_bytes");
	struct bench_slots slots = {
		.count = size / BENCH_LINE_BYTES, .stride = BENCH_LINE_BYTES, .stagger = 1};

	data->count = (unsigned)bench_value(state, "chains");
	data->chase = by_count[data->count];
	bench_set_operations_per_iteration(state, (uint64_t)data->count * ROUNDS_PER_TURN);
	return bench_chains_open(state, &data->memory, data->chains, data->count, &slots,
				 BENCH_ORDER_RANDOM);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_node *nodes[CHAINS_MAX];
	int error = 0;

	for (unsigned i = 0; i < data->count; i++)
		nodes[i] = data->chains[i].at;
	data->chase(nodes, iterations);
	for (unsigned i = 0; i < data->count && error == 0; i++)
		error = bench_chain_walked(state, &data->chains[i], nodes[i],
					   iterations * ROUNDS_PER_TURN);
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	uint64_t loads = 0;

	for (unsigned i = 0; i < data->count; i++)
		loads += data->chains[i].loads;
	return loads;
}

static const struct bench_parameter parameters[] = {
	{.name = "chains",
	 .about = "independent pointer chases, so many loads can be in flight",
	 .value = CHAINS_DEFAULT,
	 .min = 1,
	 .max = CHAINS_MAX},
	{.name = "size_bytes",
	 .about = "memory that the chains share out",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 4ll << 30},
	{.name = "pages",
	 .about = "base pages, or transparent huge pages (skipped if the kernel gives none)",
	 .words = bench_pages_names},
	{0},
};

static const struct bench lat_mem_parallel = {
	.name = "lat_mem_parallel",
	.summary = "a load among several independent pointer chases",
	.doc = "Times p = *p on `chains` independent random cycles in turn, all through the same\n"
	       "size_bytes of memory, one line a load. Loads of different chains do not wait for\n"
	       "each other, so the core can have as many misses in flight. The figure is the time\n"
	       "per load: it falls as chains are added until the core's or the memory's limit;\n"
	       "the figure of chains=1 over it is the parallelism. More than about 12 chains do\n"
	       "not fit in the registers of x86-64: a spill costs a few cycles, nothing beside a\n"
	       "miss, but do not read small sizes with many chains. Base pages: page walks are\n"
	       "overlapped too; pages=huge takes them away. Work proof: each walk must end at\n"
	       "the position of its cycle that the number of loads leads to.\n"
	       "Idea: lmbench's par_mem, which prints a ratio; this gives the time per load.",
	.figure = BENCH_LATENCY,
	.timeout_s = 300,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(lat_mem_parallel);
