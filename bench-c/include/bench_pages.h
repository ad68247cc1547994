/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings between guards, and the kernel's count of the faults that one thread took. */
#ifndef KDYNO_BENCH_PAGES_H
#define KDYNO_BENCH_PAGES_H

#include "bench.h"

/* Pages with an inaccessible page before and after them: the kernel never merges the mapping
 * with a neighbour, nor has to split it when it goes or changes. */
struct bench_pages {
	char *start;
	size_t bytes;
	size_t page_bytes;
	size_t count;
};

/* For loops whose faults are counted: the address sanitizer's own memory would fault too. */
#define BENCH_COUNTED __attribute__((no_sanitize_address))

size_t bench_page_bytes(void);

/* `bytes` rounded up to pages; skips when that is more than half of the free memory. */
int bench_pages_reserve(struct bench_state *state, struct bench_pages *pages, size_t bytes);
/* ... and usable: private, anonymous, base pages only. */
int bench_pages_map(struct bench_state *state, struct bench_pages *pages, size_t bytes);
/* Make sure of at least `bytes`: for prepare, which learns from it how much a run needs. */
int bench_pages_grow(struct bench_state *state, struct bench_pages *pages, size_t bytes);
void bench_pages_unmap(struct bench_pages *pages);

/* Write to every page of a range. */
void bench_pages_touch(char *start, size_t bytes, size_t page_bytes);

/* How many pages of a range are in memory; of an anonymous one, how many are there at all.
 * -1: unknown (ENOMEM: nothing is mapped there). */
int64_t bench_pages_resident(const char *start, size_t bytes, size_t page_bytes);

/* Skips when all copies together would need more than half of what memory is available. */
int bench_memory_check(struct bench_state *state, uint64_t bytes);

/* Of the calling thread. */
struct bench_faults {
	int64_t minor;
	int64_t major;
};
struct bench_faults bench_faults_now(void);

/* From restore: the kernel must have counted, since the mark that prepare ended with, what the
 * operations ask for. Unlike a benchmark's expectations it leaves out the faults of prepare and
 * restore, and it may follow from parameters. */
int bench_faults_check(struct bench_state *state, const struct bench_faults *mark,
		       uint64_t operations, double minor_per_operation, double major_per_operation);

/* Pages that fault one after the other. Data of a benchmark that uses the callbacks begin so. */
struct bench_faulting {
	struct bench_pages pages;
	struct bench_faults mark; /* when prepare ended */
	uint64_t pages_right;
};

/* Callbacks: take the pages away, which must be mapped; make sure of one anonymous page for each
 * operation before; check for one minor fault each. */
int bench_faulting_prepare(struct bench_state *state, uint64_t iterations);
int bench_faulting_prepare_anonymous(struct bench_state *state, uint64_t iterations);
int bench_faulting_restore(struct bench_state *state, uint64_t iterations);
uint64_t bench_faulting_work(struct bench_state *state);
void bench_faulting_teardown(struct bench_state *state);

#endif
