// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First writes to small pages of new memory: one page fault each, with the clearing of a page.
 * Source: mmap(2), madvise(2); getrusage(2), ru_minflt.
 */
#include "page_faults.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 2048 };

static int touch(struct reaim_job *job, char *memory, size_t page_bytes)
{
	uint64_t before = faults_taken();

	for (size_t page = 0; page < PAGES; page++) {
		uint64_t *words = (void *)(memory + page * page_bytes);
		words[0] = page + 1;
		reaim_hide(words);
		if (words[1] != 0 || words[0] != page + 1)
			return reaim_fail(job, "a new page is not zero or lost what was written");
	}
	uint64_t faults = faults_taken() - before;
	if (faults < PAGES)
		return reaim_fail(job, "%llu page faults for %d pages", (unsigned long long)faults,
				  PAGES);
	reaim_did(job, PAGES);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = PAGES * page_bytes;
	char *memory = map_small_pages(job, bytes);

	if (memory == NULL)
		return REAIM_ERROR;
	int error = touch(job, memory, page_bytes);
	if (munmap(memory, bytes) != 0)
		error = reaim_fail(job, "munmap: %m");
	return error;
}

static const struct reaim_op fault_4k = {
	.name = "fault_4k",
	.unit = "Small Page Faults",
	.doc = "Maps memory without huge pages and writes a word to each of 2048 pages. Each page must "
	       "have been zero, and the kernel must count a fault for each.",
	.operations = PAGES,
	.work_per_job = PAGES,
	.run = run,
};
REAIM_REGISTER(fault_4k);
