// SPDX-License-Identifier: GPL-2.0-or-later
/* Chains of pointers: cycles through slots of memory in an order that prefetchers cannot
 * guess, or can. The same on every run: the generator's seed is fixed. */
#include "bench_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Enough for 128 MiB of lines: beyond that a cache does not fill in a fraction of a second. */
enum { WARMING_LOADS_MAX = 2 * 1024 * 1024 };

/* 4 GiB of lines: linking more takes a minute. */
enum { SLOTS_MAX = 64 * 1024 * 1024 };

const char *const bench_order_names[] = {"random", "page_random", "sequential", NULL};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void shuffle(uint32_t *items, size_t count, uint64_t *seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)(((next_random(seed) >> 32) * i) >> 32);
		uint32_t item = items[i - 1];
		items[i - 1] = items[j];
		items[j] = item;
	}
}

/* Pages in random order, and in each the slots in random order. `pages` is a scratch. */
static void order_by_pages(uint32_t *order, uint32_t *pages, const struct bench_slots *slots,
			   uint64_t *seed)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t per_page = slots->stride >= page ? 1 : page / slots->stride;
	size_t page_count = (slots->count + per_page - 1) / per_page;
	size_t filled = 0;

	for (size_t i = 0; i < page_count; i++)
		pages[i] = (uint32_t)i;
	shuffle(pages, page_count, seed);
	for (size_t i = 0; i < page_count; i++) {
		size_t first = pages[i] * per_page;
		size_t begin = filled;
		for (size_t j = first; j < first + per_page && j < slots->count; j++)
			order[filled++] = (uint32_t)j;
		shuffle(order + begin, filled - begin, seed);
	}
}

static struct bench_node *slot(const struct bench_slots *slots, size_t i)
{
	size_t offset = i * slots->stride + i % slots->stagger * BENCH_LINE_BYTES;

	return (struct bench_node *)(void *)(slots->start + offset);
}

/* The first of a pair is at the start of the line that ends where the middle is, or at the end
 * of the one that begins there, and the second further up, or down: prefetchers that bring in
 * the other line of an aligned pair of lines bring in the wrong one, those that bring in the
 * next bring in the wrong one half of the time. */
static struct bench_node *member(const struct bench_slots *slots, size_t pair, bool second)
{
	size_t middle = pair * slots->stride + slots->stride / 2;
	size_t distance = second ? slots->pair_distance : 0;
	bool upwards = (pair * 0x9e3779b97f4a7c15u >> 63) != 0;
	size_t offset = upwards ? middle - BENCH_LINE_BYTES + distance
				: middle + BENCH_LINE_BYTES - sizeof(struct bench_node) - distance;

	return (struct bench_node *)(void *)(slots->start + offset);
}

/* Stop i of a chain that visits the slots in this order. */
static struct bench_node *stop(const struct bench_slots *slots, const uint32_t *order, size_t i)
{
	if (slots->pair_distance == 0)
		return slot(slots, order[i]);
	return member(slots, order[i / 2], i % 2 != 0);
}

static void link_one(struct bench_chain *chain, const struct bench_slots *slots,
		     const uint32_t *order, size_t length)
{
	size_t stops = slots->pair_distance == 0 ? length : 2 * length;

	for (size_t i = 0; i < stops; i++) {
		struct bench_node *node = stop(slots, order, i);
		node->next = stop(slots, order, i + 1 == stops ? 0 : i + 1);
		node->position = i;
	}
	*chain = (struct bench_chain){.at = stop(slots, order, 0), .length = stops};
}

static void warm(struct bench_chain *chain)
{
	struct bench_node *node = chain->at;

	for (uint64_t i = 0; i < chain->length && i < WARMING_LOADS_MAX; i++)
		node = node->next;
	chain->at = node;
	bench_use((uintptr_t)node);
}

size_t bench_chains_besides(const struct bench_slots *slots)
{
	return 2 * slots->count * sizeof(uint32_t);
}

int bench_chains_link(struct bench_state *state, struct bench_chain *chains, size_t count,
		      const struct bench_slots *slots, enum bench_order kind)
{
	size_t length = slots->count / count;
	uint64_t seed = 0x2545f4914f6cdd1du;

	if (length < 2 || slots->count > SLOTS_MAX)
		return bench_skip(state, "needs 2 to %d strides in the memory of a chain, not %zu",
				  SLOTS_MAX, length);
	if (slots->stride < sizeof(struct bench_node) || slots->stride % sizeof(uint64_t) != 0)
		return bench_skip(state, "needs a stride of at least %zu and a multiple of 8",
				  sizeof(struct bench_node));
	size_t scratch_size = bench_chains_besides(slots);
	uint32_t *order = mmap(NULL, scratch_size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (order == MAP_FAILED)
		return bench_fail(state, "cannot map %zu bytes: %s", scratch_size, strerror(errno));
	for (size_t i = 0; i < slots->count; i++)
		order[i] = (uint32_t)i;
	if (kind == BENCH_ORDER_RANDOM)
		shuffle(order, slots->count, &seed);
	else if (kind == BENCH_ORDER_PAGE_RANDOM)
		order_by_pages(order, order + slots->count, slots, &seed);
	for (size_t i = 0; i < count; i++)
		link_one(&chains[i], slots, order + i * length, length);
	(void)munmap(order, scratch_size);
	for (size_t i = 0; i < count; i++)
		warm(&chains[i]);
	return BENCH_OK;
}

int bench_chains_open(struct bench_state *state, struct bench_memory *memory,
		      struct bench_chain *chains, size_t count, struct bench_slots *slots,
		      enum bench_order kind)
{
	int error = bench_memory_open(state, memory, (size_t)bench_value(state, "size_bytes"),
				      bench_chains_besides(slots),
				      (enum bench_page_kind)bench_value(state, "pages"));
	if (error != 0)
		return error;
	slots->start = memory->start;
	return bench_chains_link(state, chains, count, slots, kind);
}

uint64_t bench_chase_work(struct bench_state *state)
{
	const struct bench_chase *chase = bench_data(state);

	return chase->chain.loads;
}

int bench_chain_walked(struct bench_state *state, struct bench_chain *chain, struct bench_node *end,
		       uint64_t loads)
{
	uint64_t expected = (chain->at->position + loads) % chain->length;

	if (end->position != expected)
		return bench_fail(state, "the walk ended at position %llu of the chain, not %llu",
				  (unsigned long long)end->position, (unsigned long long)expected);
	chain->at = end;
	chain->loads += loads;
	return BENCH_OK;
}
