// SPDX-License-Identifier: GPL-2.0-or-later
#include "page_faults.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

uint64_t faults_taken(void)
{
	struct rusage usage;

	/* Fails only for a bad pointer or a bad first argument. */
	(void)getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

void *map_small_pages(struct reaim_job *job, size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		(void)reaim_fail(job, "mmap of %zu bytes: %m", bytes);
		return NULL;
	}
	/* EINVAL: a kernel without huge pages, which needs no asking. */
	if (madvise(memory, bytes, MADV_NOHUGEPAGE) == 0 || errno == EINVAL)
		return memory;
	(void)reaim_fail(job, "MADV_NOHUGEPAGE: %m");
	(void)munmap(memory, bytes);
	return NULL;
}
