// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first read of a page of a mapped file that is in the page cache.
 * Why: what starting a program and reading a mapped file cost when nothing comes from disk.
 * Kernels map up to 64 KiB around the faulting page ("fault-around"), whatever MADV_RANDOM says;
 * so one page of each 64 KiB is touched, and unless asked for, its neighbours are not cached.
 * Source: lmbench paper (USENIX 1996), which gives the time per page; mmap(2), madvise(2).
 */
#include "bench_file.h"
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WINDOW_BYTES = 65536, WINDOWS = 512, REPEATS = 32, WINDOWS_MAX = WINDOWS * REPEATS };
enum { CACHED_PAGE, CACHED_WINDOW };

struct data {
	struct bench_faulting area; /* the file mapped REPEATS times, one after the other */
	struct bench_file file;
};

/* Pages that were never written are holes, and never read they are not in the page cache. Page
 * by page, because one large write may be cached in one large piece, which is mapped as one. */
static int write_pages(struct bench_state *state, int fd, uint64_t step)
{
	uint64_t page[BENCH_DIRECT_ALIGNMENT / sizeof(uint64_t)] = {0};

	for (uint64_t offset = 0; offset < (uint64_t)WINDOWS * WINDOW_BYTES; offset += step) {
		page[0] = bench_file_word(offset);
		if (pwrite(fd, page, sizeof(page), (off_t)offset) != (ssize_t)sizeof(page))
			return bench_fail(state, "write: %s", strerror(errno));
	}
	if (ftruncate(fd, (off_t)WINDOWS * WINDOW_BYTES) != 0)
		return bench_fail(state, "ftruncate: %s", strerror(errno));
	return BENCH_OK;
}

static int make_file(struct bench_state *state)
{
	struct data *data = bench_data(state);
	bool whole = bench_value(state, "cached") == CACHED_WINDOW;

	int error = bench_file_make(state, &data->file, NULL, 0);
	if (error == 0)
		error = write_pages(state, data->file.fd,
				    whole ? BENCH_DIRECT_ALIGNMENT : WINDOW_BYTES);
	return error;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t bytes = (size_t)WINDOWS * WINDOW_BYTES;

	if (bench_page_bytes() >= WINDOW_BYTES)
		return bench_skip(state, "needs pages of less than 64 KiB");
	int error = make_file(state);
	if (error == 0)
		error = bench_pages_reserve(state, &data->area.pages, REPEATS * bytes);
	for (size_t i = 0; i < REPEATS && error == 0; i++)
		if (mmap(data->area.pages.start + i * bytes, bytes, PROT_READ,
			 MAP_SHARED | MAP_FIXED, data->file.fd, 0) == MAP_FAILED)
			error = bench_fail(state, "mmap: %s", strerror(errno));
	if (error == 0 && madvise(data->area.pages.start, data->area.pages.bytes, MADV_RANDOM) != 0)
		error = bench_fail(state, "madvise RANDOM: %s", strerror(errno));
	return error;
}

BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const char *page = data->area.pages.start;
	uint64_t pages_right = 0;

	for (uint64_t i = 0; i < iterations; i++, page += WINDOW_BYTES)
		pages_right += *(const volatile uint64_t *)(const void *)page ==
			       bench_file_word(i % WINDOWS * WINDOW_BYTES);
	data->area.pages_right += pages_right;
	return BENCH_OK;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->area.pages);
	bench_file_close(&data->file);
}

static const char *const cached_words[] = {"page", "window", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "cached",
	 .about = "page: of each 64 KiB only the page touched is cached; window: all are",
	 .words = cached_words},
	{0},
};

static const struct bench lat_fault_file = {
	.name = "lat_fault_file",
	.summary = "page fault: first read of a page of a cached, mapped file",
	.doc = "Times one read in each 64 KiB of a file mapped MAP_SHARED that is in the page cache. The\n"
	       "page table entries are taken away before each run, not timed. The kernel maps what it\n"
	       "has of the 64 KiB around a fault, and MADV_RANDOM, set here, does not keep it from that.\n"
	       "With cached=page the file is cached in the touched pages only: one fault maps one page.\n"
	       "With cached=window all 16 (of 4 KiB) are there and one fault maps them all: the\n"
	       "difference is what fault-around costs and saves later. Work proof: each word read\n"
	       "says where in the file it stands, and the kernel must count one minor fault per\n"
	       "operation within 1 % and no major one; a kernel set to another fault-around fails it.\n"
	       "Idea: lmbench paper, page faults. It gives the time per page touched, most of which do\n"
	       "not fault, this one per fault.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.iterations_max = WINDOWS_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MINOR_FAULTS, 0.99, 1.03}, {BENCH_MAJOR_FAULTS, 0, 0.001}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = bench_faulting_prepare,
	.run = run,
	.restore = bench_faulting_restore,
	.work = bench_faulting_work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_fault_file);
