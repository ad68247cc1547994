/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks of the memory hierarchy share: populated memory with a known kind of
 * page, chains of pointers in it that are followed, and words whose contents are known. */
#ifndef KDYNO_BENCH_MEMORY_H
#define KDYNO_BENCH_MEMORY_H

#include "bench.h"

enum { BENCH_LINE_BYTES = 64 }; /* apart by so much is another line on nearly all machines */

/* "4k": the base page, whatever its size, never a large folio. "huge": nothing but
 * transparent huge pages. Indices into the names. */
enum bench_page_kind { BENCH_PAGES_BASE, BENCH_PAGES_HUGE };
extern const char *const bench_pages_names[];

struct bench_memory {
	char *start; /* on a page of the kind asked for */
	size_t size;
	void *mapping;
	size_t mapping_size;
};

/* Map and populate. Skips when it and `besides`, what setup needs for a while, take more than
 * half of the memory available, or when the kernel does not give huge pages. */
int bench_memory_open(struct bench_state *state, struct bench_memory *memory, size_t size,
		      size_t besides, enum bench_page_kind pages);
void bench_memory_close(struct bench_memory *memory);
/* The callback of a benchmark whose data begin with the memory. */
void bench_memory_teardown(struct bench_state *state);

/* One stop of a chain. The position is how a walk proves that it went all the way. */
struct bench_node {
	struct bench_node *next;
	uint64_t position; /* 0, 1, ... length - 1 along the chain */
};

struct bench_chain {
	struct bench_node *at; /* where the next walk begins */
	uint64_t length;
	uint64_t loads; /* proved so far */
};

/* Where slot i of a region is: `stride` apart and, so that slots a page apart do not share a
 * cache set, each one line further than the one before, `stagger` times (1: not at all). */
struct bench_slots {
	char *start;
	size_t count;
	size_t stride;
	size_t stagger;
	size_t pair_distance; /* not 0: a slot is the middle of `stride` bytes and one so far
			       * from it, and both are visited, always in this order */
};

/* In which order the slots are visited; indices into the names. */
enum bench_order { BENCH_ORDER_RANDOM, BENCH_ORDER_PAGE_RANDOM, BENCH_ORDER_SEQUENTIAL };
extern const char *const bench_order_names[];

/* Link the slots into `count` cycles that share them out evenly (what is left over is not
 * used), and walk them once so that the caches hold what they can. */
int bench_chains_link(struct bench_state *state, struct bench_chain *chains, size_t count,
		      const struct bench_slots *slots, enum bench_order kind);

/* How much memory that takes for a while. */
size_t bench_chains_besides(const struct bench_slots *slots);

/* Map as much memory of the kind of page as the parameters "size_bytes" and "pages" say, begin the
 * slots there, and link them. */
int bench_chains_open(struct bench_state *state, struct bench_memory *memory,
		      struct bench_chain *chains, size_t count, struct bench_slots *slots,
		      enum bench_order kind);

/* Data of a benchmark that follows one chain begin with it, if it uses the callback. */
struct bench_chase {
	struct bench_memory memory;
	struct bench_chain chain;
};
uint64_t bench_chase_work(struct bench_state *state);

/* Record a walk of `loads` loads that ended at `end`; fails if it cannot have been so many. */
int bench_chain_walked(struct bench_state *state, struct bench_chain *chain, struct bench_node *end,
		       uint64_t loads);

/* Follow a chain: each load's address is the result of the one before. */
#define BENCH_LOADS_1(node) (node) = (node)->next
#define BENCH_LOADS_10(node)                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node);                                                                       \
	BENCH_LOADS_1(node)
#define BENCH_LOADS_100(node)                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node);                                                                      \
	BENCH_LOADS_10(node)

/* A word of the bandwidth benchmarks that write. Volatile: one instruction for each access to
 * 8 bytes, so that the same work is compared whatever the compiler can vectorise. */
typedef volatile uint64_t bench_word;

enum { BENCH_WORDS_PER_TURN = 32 }; /* sizes are multiples of these 256 bytes */

/* Two areas whose distance is an odd number of lines, so that equal offsets never meet in one
 * set of a cache, not even a direct-mapped one. */
struct bench_areas {
	struct bench_memory memory;
	uint64_t *from;
	uint64_t *to; /* the same as from when one area was asked for */
	size_t words;
	bool looked;
	uint64_t passes_proved;
};

/* Map `count` areas, 1 or 2, of as much as the parameter "size_bytes" says, which a pass is said
 * to move, and fill `from`. Data of a benchmark that uses the callbacks begin with its areas, and
 * setup is for one area. */
int bench_areas_open(struct bench_state *state, struct bench_areas *areas, unsigned count);
int bench_areas_setup(struct bench_state *state);
uint64_t bench_areas_work(struct bench_state *state);

/* What word i of a filled area holds. */
static inline uint64_t bench_word_value(uint64_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15u;
}

/* For restore: whether every word of the area written to is `base` plus `follows` times the
 * value of its place; all words the first time, about a thousand of them later, of all of a
 * line's words in turn. An error names the word that is not and says that it "does not hold"
 * what was `wanted`. */
int bench_areas_look(struct bench_state *state, struct bench_areas *areas, uint64_t base,
		     uint64_t follows, const char *wanted);

/* A thread on another CPU that answers each time the turn comes to it, until told to stop.
 * Odd turns are its own. */
struct bench_duet {
	_Alignas(128) _Atomic uint64_t turn;
	_Alignas(128) uint64_t answers; /* given by the other thread, before the turn comes back */
	int cpu;			/* the only one that it may use, or -1 */
	_Atomic bool ready;
};

/* The other thread's part in its turn, or NULL. */
typedef void bench_answer_fn(struct bench_state *state, uint64_t turn);

/* Skips where both threads have or may come to have one CPU. `body` is a bench_thread() that calls
 * bench_duet_answer(). */
int bench_duet_open(struct bench_state *state, struct bench_duet **duet,
		    int (*body)(struct bench_state *state, unsigned index));
int bench_duet_answer(struct bench_state *state, struct bench_duet *duet, bench_answer_fn *answer);
void bench_duet_close(struct bench_duet *duet);

#endif
