// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first write to a transparent huge page of anonymous memory.
 * Why: one fault in place of 512, at the price of clearing 2 MiB at once: what a program gains or
 * loses by huge pages starts with this figure beside 512 times lat_fault_anonymous.
 * Source: madvise(2), the kernel's Documentation/admin-guide/mm/transhuge.rst.
 */
#include "bench_pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define THP "/sys/kernel/mm/transparent_hugepage/"

enum { AREA_BYTES = 64 << 20, PAGES_MAX = 32 };

struct data {
	struct bench_faulting area;
	char *start; /* aligned */
	size_t huge_bytes;
	size_t count;
};

static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	bool got = fgets(line, size, file) != NULL;
	(void)fclose(file);
	return got;
}

static int find_huge_bytes(struct bench_state *state, size_t *huge_bytes)
{
	char line[128] = "";

	if (!read_line(THP "enabled", line, sizeof(line)))
		return bench_skip(state,
				  "needs a kernel with transparent huge pages: no " THP "enabled");
	if (strstr(line, "[never]") != NULL)
		return bench_skip(state, "transparent huge pages are off: needs madvise or always "
					 "in " THP "enabled");
	if (!read_line(THP "hpage_pmd_size", line, sizeof(line)) ||
	    sscanf(line, "%zu", huge_bytes) != 1 || *huge_bytes == 0)
		return bench_skip(state, "no size in " THP "hpage_pmd_size");
	return BENCH_OK;
}

static void touch(const struct data *data)
{
	bench_pages_touch(data->start, data->count * data->huge_bytes, data->huge_bytes);
}

/* Once for a look: without free memory in one piece the kernel falls back to base pages. */
static int try_out(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	touch(data);
	int64_t resident = bench_pages_resident(data->start, data->count * data->huge_bytes,
						data->area.pages.page_bytes);
	if (resident == (int64_t)(data->count * data->huge_bytes / data->area.pages.page_bytes))
		return BENCH_OK;
	return bench_skip(state,
			  "the kernel gave base pages; needs %zu huge pages of free memory "
			  "in one piece each",
			  data->count);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	int error = find_huge_bytes(state, &data->huge_bytes);
	if (error != 0)
		return error;
	data->count = AREA_BYTES > data->huge_bytes ? AREA_BYTES / data->huge_bytes : 1;
	if (data->count > PAGES_MAX)
		data->count = PAGES_MAX;
	error = bench_pages_reserve(state, &data->area.pages, (data->count + 1) * data->huge_bytes);
	if (error != 0)
		return error;
	if (mprotect(data->area.pages.start, data->area.pages.bytes, PROT_READ | PROT_WRITE) != 0)
		return bench_fail(state, "mprotect: %s", strerror(errno));
	size_t beyond = (uintptr_t)data->area.pages.start % data->huge_bytes;
	data->start = data->area.pages.start + (beyond == 0 ? 0 : data->huge_bytes - beyond);
	if (madvise(data->area.pages.start, data->area.pages.bytes, MADV_HUGEPAGE) != 0)
		return bench_fail(state, "madvise HUGEPAGE: %s", strerror(errno));
	return try_out(state);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	if (iterations > data->count)
		return bench_fail(state, "%zu huge pages do not last long enough to be timed",
				  data->count);
	return bench_faulting_prepare(state, iterations);
}

/* The write to the end of the page costs no fault, if the page is a huge one. */
BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t huge_bytes = data->huge_bytes;
	char *page = data->start;
	uint64_t fresh_pages = 0;

	for (uint64_t i = 0; i < iterations; i++, page += huge_bytes) {
		*(volatile char *)page = 1;
		fresh_pages += *(volatile char *)(page + huge_bytes - 1) == 0;
		*(volatile char *)(page + huge_bytes - 1) = 1;
	}
	data->area.pages_right += fresh_pages;
	return BENCH_OK;
}

static const struct bench lat_fault_huge = {
	.name = "lat_fault_huge",
	.summary = "page fault: first write to a transparent huge page",
	.doc = "Times one write to each huge page (2 MiB on most machines) of an anonymous mapping that\n"
	       "asked for them with MADV_HUGEPAGE and gave them back before the run. Nearly all of it\n"
	       "is the clearing of the page. To compare: the same memory in base pages takes 512 times\n"
	       "lat_fault_anonymous. Skipped when huge pages are off, or when the kernel has no memory\n"
	       "in one piece. Work proof: the last byte of each page is found zeroed, and the kernel\n"
	       "must count one minor fault per operation; in base pages there would be more.\n"
	       "Idea: this program's own, beside the lmbench paper's page fault figure.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.iterations_max = PAGES_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MINOR_FAULTS, 0.99, 1.3}, {BENCH_MAJOR_FAULTS, 0, 0.01}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = bench_faulting_restore,
	.work = bench_faulting_work,
	.teardown = bench_faulting_teardown,
};
BENCH_REGISTER(lat_fault_huge);
