// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First writes to transparent huge pages: few faults, each with the clearing of a large page.
 * A kernel that runs out of large pages falls back to small ones; a job in which that happens
 * to half of them or more says so instead of giving a figure.
 * Source: Documentation/admin-guide/mm/transhuge.rst of the kernel; madvise(2).
 */
#include "page_faults.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SYSFS "/sys/kernel/mm/transparent_hugepage/"

enum { HUGE_PAGES = 8, KIB = 1024, HUGE_BYTES_MAX = 32 * KIB * KIB, FAULTS_MAX = 2 };

struct data {
	size_t huge_bytes;
};

/* False with errno if the file is not there. */
static bool is_never(const char *path, bool *never)
{
	char enabled[64] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	*never =
		fgets(enabled, sizeof(enabled), file) == NULL || strstr(enabled, "[never]") != NULL;
	(void)fclose(file);
	return true;
}

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	char path[128];
	bool never = false;

	if (!is_never(SYSFS "enabled", &never))
		return reaim_skip(job, SYSFS "enabled: %m: this kernel has no huge pages");
	if (never)
		return reaim_skip(job, "huge pages are off in " SYSFS "enabled");
	if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1)
		return reaim_skip(job, "huge pages are off for this process (PR_SET_THP_DISABLE)");
	FILE *file = fopen(SYSFS "hpage_pmd_size", "re");
	if (file == NULL)
		return reaim_skip(job, SYSFS "hpage_pmd_size: %m");
	bool known = fscanf(file, "%zu", &data->huge_bytes) == 1;
	(void)fclose(file);
	if (!known || data->huge_bytes == 0)
		return reaim_fail(job, "no number in " SYSFS "hpage_pmd_size");
	if (data->huge_bytes > HUGE_BYTES_MAX)
		return reaim_skip(job, "huge pages of %zu bytes are too large", data->huge_bytes);
	/* From 6.8 on each size has a switch of its own. */
	(void)snprintf(path, sizeof(path), SYSFS "hugepages-%zukB/enabled", data->huge_bytes / KIB);
	if (is_never(path, &never) && never)
		return reaim_skip(job, "huge pages are off in %s", path);
	return REAIM_OK;
}

/*
 * Write to each small page of one huge page; true if that took no more faults than one should.
 * Not instrumented, because a sanitizer's record of this memory takes faults of its own.
 */
__attribute__((no_sanitize("address"))) static int touch(struct reaim_job *job, char *memory,
							 size_t huge_bytes, bool *huge)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t before = faults_taken();

	for (size_t offset = 0; offset < huge_bytes; offset += page_bytes) {
		uint64_t *words = (void *)(memory + offset);
		words[0] = offset + 1;
		reaim_hide(words);
		if (words[1] != 0 || words[0] != offset + 1)
			return reaim_fail(job, "a new page is not zero or lost what was written");
	}
	*huge = faults_taken() - before <= FAULTS_MAX;
	reaim_did(job, 1);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	size_t huge_bytes = data->huge_bytes;
	size_t bytes = (HUGE_PAGES + 1) * huge_bytes; /* one more, to begin at a boundary */
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int huge_pages = 0;
	int error = REAIM_OK;

	if (memory == MAP_FAILED)
		return reaim_fail(job, "mmap of %zu bytes: %m", bytes);
	if (madvise(memory, bytes, MADV_HUGEPAGE) != 0)
		error = reaim_fail(job, "MADV_HUGEPAGE: %m");
	char *start = memory + (huge_bytes - (uintptr_t)memory % huge_bytes) % huge_bytes;
	for (unsigned int i = 0; i < HUGE_PAGES && error == REAIM_OK; i++) {
		bool huge = false;
		error = touch(job, start + i * huge_bytes, huge_bytes, &huge);
		huge_pages += huge;
	}
	if (error == REAIM_OK && huge_pages <= HUGE_PAGES / 2)
		error = reaim_fail(job, "the kernel gave %u of %d huge pages: memory is fragmented",
				   huge_pages, HUGE_PAGES);
	if (munmap(memory, bytes) != 0)
		error = reaim_fail(job, "munmap: %m");
	return error;
}

static const struct reaim_op fault_thp = {
	.name = "fault_thp",
	.unit = "Huge Page Faults",
	.doc = "Asks for huge pages and writes to all small pages of eight of them. More than half must "
	       "have come with one fault instead of one for each small page.",
	.operations = HUGE_PAGES,
	.work_per_job = HUGE_PAGES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
};
REAIM_REGISTER(fault_thp);
