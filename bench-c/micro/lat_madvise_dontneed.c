// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: madvise(MADV_DONTNEED) of memory whose pages were written.
 * Why: how allocators give memory back without giving up the address: pages are freed, the
 * mapping stays. lat_munmap less this is the cost of the mapping itself.
 * Source: madvise(2); beside memory mapping in the lmbench paper (USENIX 1996).
 */
#include "bench_pages.h"

#include <sys/mman.h>

enum { PIECES_MAX = 256 /* writing them takes longer than what is timed */ };

struct data {
	size_t bytes;
	struct bench_pages pages;
	uint64_t calls_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t page_bytes = bench_page_bytes();

	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->bytes = (data->bytes + page_bytes - 1) / page_bytes * page_bytes;
	return BENCH_OK;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	int error = bench_pages_grow(state, &data->pages, iterations * data->bytes);
	if (error == 0)
		bench_pages_touch(data->pages.start, iterations * data->bytes,
				  data->pages.page_bytes);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *start = data->pages.start;
	size_t bytes = data->bytes;
	uint64_t calls_right = 0;

	for (uint64_t i = 0; i < iterations; i++, start += bytes)
		calls_right += madvise(start, bytes, MADV_DONTNEED) == 0;
	data->calls_right += calls_right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	int64_t left = bench_pages_resident(data->pages.start, iterations * data->bytes,
					    data->pages.page_bytes);

	if (left == 0)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: %lld pages are still there", (long long)left);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->calls_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->pages);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of each piece, every page of it written",
	 .value = 64 << 10,
	 .min = 4096,
	 .max = INT64_C(1) << 30},
	{0},
};

static const struct bench lat_madvise_dontneed = {
	.name = "lat_madvise_dontneed",
	.summary = "give the pages of a piece of memory back, keep its address",
	.doc = "Times madvise(MADV_DONTNEED) of pieces of size_bytes of one anonymous mapping, every page\n"
	       "of which was written: the page table entries are cleared, translations forgotten, pages\n"
	       "freed; the mapping stays. Writing comes before the run, not timed; huge pages are\n"
	       "forbidden. Beside lat_munmap it shows what the mapping itself costs, beside\n"
	       "lat_fault_anonymous the other half of a page's life. Work proof: each call must\n"
	       "succeed, and afterwards mincore() finds none of the pages.\n"
	       "Idea: this program's own, beside memory mapping in the lmbench paper.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.iterations_max = PIECES_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_madvise_dontneed);
