// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first read of a page of private anonymous memory.
 * Why: the cheapest page fault: no page is allocated or zeroed, the shared zero page is mapped.
 * lat_fault_anonymous minus this is what the page itself costs.
 * Source: mmap(2), madvise(2); page fault figures of the lmbench paper (USENIX 1996).
 */
#include "bench_pages.h"

enum { PAGES_MAX = 16384 };

BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_faulting *faulting = bench_data(state);
	size_t page_bytes = faulting->pages.page_bytes;
	const char *page = faulting->pages.start;
	uint64_t zeroes_read = 0;

	for (uint64_t i = 0; i < iterations; i++, page += page_bytes)
		zeroes_read += *(const volatile char *)page == 0;
	faulting->pages_right += zeroes_read;
	return BENCH_OK;
}

static const struct bench lat_zero_page_read = {
	.name = "lat_zero_page_read",
	.summary = "page fault: first read of a page of anonymous memory",
	.doc = "Times one read of each page of a private anonymous mapping that was never written: the\n"
	       "kernel maps its shared page of zeroes, and neither allocates nor clears one. So the\n"
	       "figure is the fault itself: exception, search of the mapping, page table entry, return.\n"
	       "The pages are taken away with MADV_DONTNEED before each run, not timed; huge pages\n"
	       "are forbidden. Work proof: each byte read is compared with zero, and the kernel must\n"
	       "count one minor fault per operation within 1 %.\n"
	       "Idea: the page fault figures of the lmbench paper, without file and without page.",
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
BENCH_REGISTER(lat_zero_page_read);
