// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first write to a page of private anonymous memory.
 * Why: the commonest page fault there is: exception entry, search of the mapping, a zeroed page,
 * its accounting and its entry in the page table. Every malloc() of a growing program pays it.
 * Source: lmbench paper (USENIX 1996), which has no fault without a file; mmap(2), madvise(2).
 */
#include "bench_pages.h"

enum { PAGES_MAX = 16384 };

/* The first write faults; a second word, which every run leaves as one, says that the page is
 * not the one of the run before. */
BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_faulting *faulting = bench_data(state);
	size_t page_bytes = faulting->pages.page_bytes;
	char *page = faulting->pages.start;
	uint64_t fresh_pages = 0;

	for (uint64_t i = 0; i < iterations; i++, page += page_bytes) {
		volatile uint64_t *words = (volatile uint64_t *)(void *)page;
		words[0] = 1;
		fresh_pages += words[1] == 0;
		words[1] = 1;
	}
	faulting->pages_right += fresh_pages;
	return BENCH_OK;
}

static const struct bench lat_fault_anonymous = {
	.name = "lat_fault_anonymous",
	.summary = "page fault: first write to a page of anonymous memory",
	.doc = "Times one write to each page of a private anonymous mapping whose pages were given back\n"
	       "with MADV_DONTNEED before, which is not timed: exception, search of the mapping, a\n"
	       "zeroed page and its entry in the page table. Huge pages are forbidden for the mapping,\n"
	       "so an operation is one fault and one base page; lat_fault_huge has the others.\n"
	       "Because page tables may be given back with the pages, 1 in 512 operations (of 4 KiB\n"
	       "pages) may make one too. Work proof: each page is found zeroed, and the kernel must\n"
	       "count one minor fault per operation within 1 %.\n"
	       "Idea: lmbench paper; its own page fault figure is of a file and per page, not per\n"
	       "fault (see lat_fault_file).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.iterations_max = PAGES_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MINOR_FAULTS, 0.99, 1.03}, {BENCH_MAJOR_FAULTS, 0, 0.001}},
	.data_size = sizeof(struct bench_faulting),
	.prepare = bench_faulting_prepare_anonymous,
	.run = run,
	.restore = bench_faulting_restore,
	.work = bench_faulting_work,
	.teardown = bench_faulting_teardown,
};
BENCH_REGISTER(lat_fault_anonymous);
