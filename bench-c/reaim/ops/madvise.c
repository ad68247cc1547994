// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is used, given back and used again without a new mapping, as allocators do.
 * Source: madvise(2), MADV_DONTNEED; getrusage(2), ru_minflt.
 */
#include "page_faults.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 256, ROUNDS = 8 };

/* The first word faults the page in, the second tells whether it was really given back. */
static int use(struct reaim_job *job, char *memory, size_t page_bytes)
{
	for (size_t page = 0; page < PAGES; page++) {
		uint64_t *words = (void *)(memory + page * page_bytes);
		words[0] = page + 1;
		reaim_hide(words);
		if (words[1] != 0)
			return reaim_fail(job, "a page given back still holds what it held");
		words[1] = page + 1;
		reaim_hide(words);
	}
	reaim_did(job, PAGES);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = PAGES * page_bytes;
	uint64_t before = faults_taken();
	char *memory = map_small_pages(job, bytes);
	int error = REAIM_OK;

	if (memory == NULL)
		return REAIM_ERROR;
	for (unsigned int i = 0; i < ROUNDS && error == REAIM_OK; i++) {
		error = use(job, memory, page_bytes);
		if (error == REAIM_OK && madvise(memory, bytes, MADV_DONTNEED) != 0)
			error = reaim_fail(job, "MADV_DONTNEED: %m");
	}
	if (munmap(memory, bytes) != 0)
		error = reaim_fail(job, "munmap: %m");
	uint64_t faults = faults_taken() - before;
	if (error == REAIM_OK && faults < PAGES * ROUNDS)
		error = reaim_fail(job, "%llu page faults for %d pages", (unsigned long long)faults,
				   PAGES * ROUNDS);
	return error;
}

static const struct reaim_op madvise_op = {
	.name = "madvise",
	.unit = "Pages Given Back",
	.doc = "Writes to 256 pages and gives them back with MADV_DONTNEED, eight times. They must come "
	       "back as zeroes, with a fault for each.",
	.operations = PAGES * ROUNDS,
	.work_per_job = PAGES * ROUNDS,
	.run = run,
};
REAIM_REGISTER(madvise_op);
