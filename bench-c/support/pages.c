// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_pages.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the kernel may count beside the operations: a stack page, a page of the harness. */
static const double stray_faults = 8;
static const double fault_tolerance = 0.01;

enum { RESIDENT_CHUNK = 4096 };

size_t bench_page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* MemAvailable, because free memory is mostly cache. 0: unknown. */
static uint64_t memory_available(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long long kib = 0;

	if (meminfo == NULL)
		return 0;
	while (fgets(line, sizeof(line), meminfo) != NULL)
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	(void)fclose(meminfo);
	return (uint64_t)kib * 1024;
}

int bench_memory_check(struct bench_state *state, uint64_t bytes)
{
	uint64_t available = memory_available();
	unsigned copies = bench_copies(state);

	if (available == 0)
		return bench_skip(state, "needs MemAvailable of /proc/meminfo to know its limit");
	if (bytes <= available / 2 / copies)
		return BENCH_OK;
	return bench_skip(state,
			  "%u x %llu MiB are more than half of the %llu MiB available: needs a "
			  "smaller size, fewer copies or more memory",
			  copies, (unsigned long long)(bytes >> 20),
			  (unsigned long long)(available >> 20));
}

int bench_pages_reserve(struct bench_state *state, struct bench_pages *pages, size_t bytes)
{
	size_t page_bytes = bench_page_bytes();
	size_t rounded = (bytes + page_bytes - 1) / page_bytes * page_bytes;

	int error = bench_memory_check(state, rounded);
	if (error != 0)
		return error;
	char *guard = mmap(NULL, rounded + 2 * page_bytes, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (guard == MAP_FAILED)
		return bench_fail(state, "cannot map %zu bytes: %s", rounded, strerror(errno));
	*pages = (struct bench_pages){
		.start = guard + page_bytes,
		.bytes = rounded,
		.page_bytes = page_bytes,
		.count = rounded / page_bytes,
	};
	return BENCH_OK;
}

/* The kernel may be built without huge pages, and then there is nothing to forbid. */
int bench_pages_map(struct bench_state *state, struct bench_pages *pages, size_t bytes)
{
	int error = bench_pages_reserve(state, pages, bytes);

	if (error != 0)
		return error;
	if (mprotect(pages->start, pages->bytes, PROT_READ | PROT_WRITE) != 0)
		return bench_fail(state, "mprotect: %s", strerror(errno));
	if (madvise(pages->start, pages->bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
		return bench_fail(state, "madvise NOHUGEPAGE: %s", strerror(errno));
	return BENCH_OK;
}

int bench_pages_grow(struct bench_state *state, struct bench_pages *pages, size_t bytes)
{
	if (pages->start != NULL && bytes <= pages->bytes)
		return BENCH_OK;
	bench_pages_unmap(pages);
	return bench_pages_map(state, pages, bytes);
}

void bench_pages_unmap(struct bench_pages *pages)
{
	if (pages->start == NULL)
		return;
	(void)munmap(pages->start - pages->page_bytes, pages->bytes + 2 * pages->page_bytes);
	pages->start = NULL;
}

void bench_pages_touch(char *start, size_t bytes, size_t page_bytes)
{
	for (size_t offset = 0; offset < bytes; offset += page_bytes)
		*(volatile char *)(start + offset) = 1;
}

int64_t bench_pages_resident(const char *start, size_t bytes, size_t page_bytes)
{
	unsigned char present[RESIDENT_CHUNK];
	int64_t resident = 0;

	for (size_t offset = 0; offset < bytes; offset += RESIDENT_CHUNK * page_bytes) {
		size_t length = bytes - offset;
		if (length > RESIDENT_CHUNK * page_bytes)
			length = RESIDENT_CHUNK * page_bytes;
		/* mincore() takes its range as writable and does not write to it. */
		if (mincore((void *)(uintptr_t)(start + offset), length, present) != 0)
			return -1;
		for (size_t i = 0; i < (length + page_bytes - 1) / page_bytes; i++)
			resident += present[i] & 1;
	}
	return resident;
}

struct bench_faults bench_faults_now(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_THREAD, &usage);
	return (struct bench_faults){.minor = usage.ru_minflt, .major = usage.ru_majflt};
}

static bool is_near(double got, double wanted)
{
	return fabs(got - wanted) <= fault_tolerance * wanted + stray_faults;
}

int bench_faults_check(struct bench_state *state, const struct bench_faults *mark,
		       uint64_t operations, double minor_per_operation, double major_per_operation)
{
	struct bench_faults now = bench_faults_now();
	double minor = (double)(now.minor - mark->minor);
	double major = (double)(now.major - mark->major);
	double n = (double)operations;

	if (is_near(minor, minor_per_operation * n) && is_near(major, major_per_operation * n))
		return BENCH_OK;
	return bench_fail(state,
			  "work proof failed: %.4g minor and %.4g major page faults per "
			  "operation, not %.4g and %.4g",
			  minor / n, major / n, minor_per_operation, major_per_operation);
}

int bench_faulting_prepare(struct bench_state *state, uint64_t iterations)
{
	struct bench_faulting *faulting = bench_data(state);

	(void)iterations;
	if (madvise(faulting->pages.start, faulting->pages.bytes, MADV_DONTNEED) != 0)
		return bench_fail(state, "madvise DONTNEED: %s", strerror(errno));
	faulting->mark = bench_faults_now();
	return BENCH_OK;
}

int bench_faulting_prepare_anonymous(struct bench_state *state, uint64_t iterations)
{
	struct bench_faulting *faulting = bench_data(state);

	int error = bench_pages_grow(state, &faulting->pages, iterations * bench_page_bytes());
	return error != 0 ? error : bench_faulting_prepare(state, iterations);
}

int bench_faulting_restore(struct bench_state *state, uint64_t iterations)
{
	const struct bench_faulting *faulting = bench_data(state);

	return bench_faults_check(state, &faulting->mark, iterations, 1, 0);
}

uint64_t bench_faulting_work(struct bench_state *state)
{
	const struct bench_faulting *faulting = bench_data(state);

	return faulting->pages_right;
}

void bench_faulting_teardown(struct bench_state *state)
{
	struct bench_faulting *faulting = bench_data(state);

	bench_pages_unmap(&faulting->pages);
}
