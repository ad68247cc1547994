// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that map, touch and unmap memory of one address space, where the kernel has one lock
 * for its map of it.
 * Source: mmap(2); Documentation/mm/process_addrs.rst of the kernel, mmap_lock.
 */
#include "page_faults.h"
#include "threads.h"

#include <errno.h>
#include <sys/mman.h>

enum { THREADS = 4, MAPPINGS = 100, MAPPING_BYTES = 64 * 1024 };

struct mapper {
	uint64_t mappings;
	int error; /* errno, or -1: memory was not fresh or not its own */
};

/* The first word and the last: two threads with the same memory would not both find theirs. */
static int touch(uint64_t *words, const struct mapper *mapper)
{
	size_t last = MAPPING_BYTES / sizeof(*words) - 1;
	uint64_t mark = (uintptr_t)mapper ^ mapper->mappings;

	words[0] = mark;
	reaim_hide(words);
	if (words[last] != 0)
		return -1;
	words[last] = ~mark;
	reaim_hide(words);
	return words[0] == mark && words[last] == ~mark ? 0 : -1;
}

static void *map_and_unmap(void *argument)
{
	struct mapper *mapper = argument;

	for (unsigned int i = 0; i < MAPPINGS && mapper->error == 0; i++) {
		void *memory = mmap(NULL, MAPPING_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED) {
			mapper->error = errno;
			break;
		}
		mapper->error = touch(memory, mapper);
		if (munmap(memory, MAPPING_BYTES) != 0)
			mapper->error = errno;
		mapper->mappings += mapper->error == 0;
	}
	return NULL;
}

static int run(struct reaim_job *job)
{
	struct mapper mappers[THREADS] = {0};
	uint64_t before = faults_taken();
	int error = threads_run(job, THREADS, map_and_unmap, NULL, mappers, sizeof(mappers[0]));
	uint64_t faults = faults_taken() - before;

	if (error != REAIM_OK)
		return error;
	for (unsigned int i = 0; i < THREADS; i++) {
		errno = mappers[i].error > 0 ? mappers[i].error : 0;
		if (errno != 0)
			return reaim_fail(job, "mmap or munmap: %m");
		if (mappers[i].error != 0)
			return reaim_fail(job, "a new mapping held somebody else's bytes");
		reaim_did(job, mappers[i].mappings);
	}
	if (faults < THREADS * MAPPINGS)
		return reaim_fail(job, "%llu page faults for %d mappings",
				  (unsigned long long)faults, THREADS * MAPPINGS);
	return REAIM_OK;
}

static const struct reaim_op mmap_lock = {
	.name = "mmap_lock",
	.unit = "Mappings by Threads of One Process",
	.doc = "Four threads map 64 KiB, write its first and last word and unmap it, 100 times each. "
	       "Both words must be the thread's own, and the kernel must count a fault for each "
	       "mapping.",
	.operations = THREADS * MAPPINGS,
	.work_per_job = THREADS * MAPPINGS,
	.run = run,
};
REAIM_REGISTER(mmap_lock);
