// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * brk_test and page_test: the end of the data segment moves up a page at a time and back down
 * at once. page_test writes to each new page, which brk_test does not: the difference is the
 * page fault. Nothing may allocate memory in between, so errors are reported afterwards.
 * Source: brk(2), getrusage(2).
 */
#include "reaim_op.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	PAGES_PER_ROUND = 17,
	BRK_ROUNDS = 1000,
	PAGE_ROUNDS = 100,
	STAMP = 0x5a,
};

struct page_counts {
	uint64_t allocated, zeroed;
};

static char *const sbrk_failed = (char *)-1;

/* The break need not lie on a page boundary: the new page begins at the next one. */
static volatile char *first_new_byte(char *old_break, size_t page_bytes)
{
	return old_break + (-(uintptr_t)old_break & (page_bytes - 1));
}

/* Up by a page and again, touching each where asked, then down. The new pages come one behind
 * the other; NULL if all went well, else what did not. */
static const char *one_round(size_t page_bytes, bool touch, struct page_counts *counts)
{
	char *start = sbrk(0);

	for (size_t i = 0; i < PAGES_PER_ROUND; i++) {
		char *old_break = sbrk((intptr_t)page_bytes);
		if (old_break == sbrk_failed)
			return "sbrk";
		if (old_break != start + i * page_bytes)
			return "something else moved the break";
		counts->allocated++;
		if (touch) {
			volatile char *first = first_new_byte(old_break, page_bytes);
			counts->zeroed += *first == 0;
			*first = STAMP;
		}
	}
	if (sbrk(-(intptr_t)(PAGES_PER_ROUND * page_bytes)) == sbrk_failed)
		return "sbrk down";
	return NULL;
}

static int up_and_down(struct reaim_job *job, int rounds, bool touch, struct page_counts *counts)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	const char *failed = NULL;

	errno = 0;
	for (int i = 0; i < rounds && failed == NULL; i++)
		failed = one_round(page_bytes, touch, counts);
	if (failed != NULL)
		return reaim_fail(job, errno == 0 ? "%s" : "%s: %m", failed);
	return REAIM_OK;
}

static int brk_run(struct reaim_job *job)
{
	struct page_counts counts = {0};
	int status = up_and_down(job, BRK_ROUNDS, false, &counts);

	reaim_did(job, counts.allocated);
	return status;
}

static int page_run(struct reaim_job *job)
{
	struct page_counts counts = {0};
	struct rusage before, after;

	if (getrusage(RUSAGE_SELF, &before) != 0)
		return reaim_fail(job, "getrusage: %m");
	if (up_and_down(job, PAGE_ROUNDS, true, &counts) != REAIM_OK)
		return REAIM_ERROR;
	if (getrusage(RUSAGE_SELF, &after) != 0)
		return reaim_fail(job, "getrusage: %m");
	if (counts.zeroed != counts.allocated)
		return reaim_fail(job, "a new page was not empty");
	uint64_t faults = (uint64_t)(after.ru_minflt - before.ru_minflt);
	reaim_did(job, faults < counts.allocated ? faults : counts.allocated);
	return REAIM_OK;
}

static const struct reaim_op brk_test = {
	.name = "brk_test",
	.unit = "System Memory Allocations",
	.doc = "Moves the break up by a page 17 times and down at once, 1,000 times over, and looks "
	       "where each page came to lie. The 17,000 allocations count, the releases do not.",
	.operations = BRK_ROUNDS * PAGES_PER_ROUND,
	.work_per_job = BRK_ROUNDS * PAGES_PER_ROUND,
	.run = brk_run,
};
REAIM_REGISTER(brk_test);

static const struct reaim_op page_test = {
	.name = "page_test",
	.unit = "System Allocations & Pages",
	.doc = "As brk_test, but 100 times over, and each new page must be empty and is written to. "
	       "The work is what the kernel counts as page faults, at most one for each page.",
	.operations = PAGE_ROUNDS * PAGES_PER_ROUND,
	.work_per_job = PAGE_ROUNDS * PAGES_PER_ROUND,
	.run = page_run,
};
REAIM_REGISTER(page_test);
