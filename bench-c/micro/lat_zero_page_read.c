// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first read of a page of private anonymous memory.
 * Why: the cheapest page fault: no page is allocated or zeroed, the shared zero page is mapped.
 * lat_fault_anonymous minus this is what the page itself costs.
 * Source: mmap(2), madvise(2); page fault figures of the lmbench paper (USENIX 1996).
 */
#include "bench_pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES_MAX = 16384 };

struct data {
	struct bench_pages pages;
	struct bench_faults mark;
	uint64_t zeroes_read;
};

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	int error = bench_pages_grow(state, &data->pages, iterations * bench_page_bytes());
	if (error != 0)
		return error;
	if (madvise(data->pages.start, data->pages.bytes, MADV_DONTNEED) != 0)
		return bench_fail(state, "madvise DONTNEED: %s", strerror(errno));
	data->mark = bench_faults_now();
	return BENCH_OK;
}

BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t page_bytes = data->pages.page_bytes;
	const char *page = data->pages.start;
	uint64_t zeroes_read = 0;

	for (uint64_t i = 0; i < iterations; i++, page += page_bytes)
		zeroes_read += *(const volatile char *)page == 0;
	data->zeroes_read += zeroes_read;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return bench_faults_check(state, &data->mark, iterations, 1, 0);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->zeroes_read;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->pages);
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
	.data_size = sizeof(struct data),
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_zero_page_read);
