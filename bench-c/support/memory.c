// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that is there before it is timed, with pages of a known kind. */
#include "bench_memory.h"
#include "bench_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOOKS = 1024, GUARD_LINES = 33 };

const char *const bench_pages_names[] = {"4k", "huge", NULL};

static bool first_number(const char *path, const char *format, size_t *number)
{
	char line[256];
	FILE *file = fopen(path, "re");
	bool found = false;
	uint64_t value = 0;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		char *digits = strpbrk(line, "0123456789");
		found = strncmp(line, format, strlen(format)) == 0 && digits != NULL &&
			sscanf(digits, "%" SCNu64, &value) == 1;
	}
	(void)fclose(file);
	*number = (size_t)value;
	return found;
}

static size_t base_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/* AnonHugePages of the mapping that holds `start`, from smaps. */
static size_t huge_bytes(const char *start)
{
	char line[512];
	bool inside = false;
	size_t kib = 0;
	FILE *smaps = fopen("/proc/self/smaps", "re");

	if (smaps == NULL)
		return 0;
	while (fgets(line, sizeof(line), smaps) != NULL) {
		uintptr_t low;
		uintptr_t high;
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &low, &high) == 2)
			inside = low <= (uintptr_t)start && (uintptr_t)start < high;
		else if (inside && sscanf(line, "AnonHugePages: %zu kB", &kib) == 1)
			break;
	}
	(void)fclose(smaps);
	return kib * 1024;
}

static int page_size(struct bench_state *state, enum bench_page_kind pages, size_t *size)
{
	*size = base_page();
	if (pages == BENCH_PAGES_BASE)
		return BENCH_OK;
	if (first_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "", size))
		return BENCH_OK;
	return bench_skip(state, "needs CONFIG_TRANSPARENT_HUGEPAGE for pages=huge");
}

/* Base pages are asked for as well: a kernel set to "always" would give huge ones. One built
 * without them says EINVAL and has nothing else to give. */
static int populate(struct bench_state *state, struct bench_memory *memory,
		    enum bench_page_kind pages)
{
	bool huge = pages == BENCH_PAGES_HUGE;
	size_t step = base_page();

	int error =
		madvise(memory->start, memory->size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) == 0
			? 0
			: errno;
	if (error != 0 && (huge || error != EINVAL))
		return bench_skip(state, "madvise for pages=%s: %s", bench_pages_names[pages],
				  strerror(error));
	for (size_t at = 0; at < memory->size; at += step)
		*(volatile char *)(memory->start + at) = 0;
	if (!huge)
		return BENCH_OK;
	size_t got = huge_bytes(memory->start);
	if (got >= memory->size)
		return BENCH_OK;
	return bench_skip(state,
			  "needs %zu KiB of transparent huge pages, the kernel gave %zu: set "
			  "/sys/kernel/mm/transparent_hugepage/enabled to madvise, or memory is "
			  "too fragmented",
			  memory->size >> 10, got >> 10);
}

int bench_memory_open(struct bench_state *state, struct bench_memory *memory, size_t size,
		      size_t besides, enum bench_page_kind pages)
{
	size_t unit = 0;

	*memory = (struct bench_memory){0};
	int error = page_size(state, pages, &unit);
	if (error == 0)
		error = bench_memory_check(state, round_up(size, unit) + besides);
	if (error != 0)
		return error;
	size_t mapping_size = round_up(size, unit) + unit;
	void *mapping = mmap(NULL, mapping_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapping == MAP_FAILED)
		return bench_skip(state, "needs %zu MiB of address space: %s", mapping_size >> 20,
				  strerror(errno));
	memory->mapping = mapping;
	memory->mapping_size = mapping_size;
	memory->start = (char *)mapping + (round_up((uintptr_t)mapping, unit) - (uintptr_t)mapping);
	memory->size = round_up(size, unit);
	return populate(state, memory, pages);
}

void bench_memory_close(struct bench_memory *memory)
{
	if (memory->mapping != NULL)
		(void)munmap(memory->mapping, memory->mapping_size);
	memory->mapping = NULL;
}

void bench_memory_teardown(struct bench_state *state)
{
	bench_memory_close(bench_data(state));
}

int bench_areas_open(struct bench_state *state, struct bench_areas *areas, unsigned count)
{
	size_t size = (size_t)bench_value(state, "size_bytes");
	size_t apart = round_up(size, base_page()) + (size_t)GUARD_LINES * BENCH_LINE_BYTES;
	size_t unit = BENCH_WORDS_PER_TURN * sizeof(uint64_t);

	if (size % unit != 0)
		return bench_skip(state, "needs a size_bytes that is a multiple of %zu", unit);
	int error = bench_memory_open(state, &areas->memory, count == 1 ? size : apart + size, 0,
				      BENCH_PAGES_BASE);
	if (error != 0)
		return error;
	areas->words = size / sizeof(uint64_t);
	areas->from = (uint64_t *)areas->memory.start;
	areas->to = count == 1 ? areas->from : areas->from + apart / sizeof(uint64_t);
	for (size_t i = 0; i < areas->words; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a null was an error */
		areas->from[i] = bench_word_value(i);
	bench_set_bytes_per_operation(state, size);
	return BENCH_OK;
}

int bench_areas_setup(struct bench_state *state)
{
	return bench_areas_open(state, bench_data(state), 1);
}

uint64_t bench_areas_work(struct bench_state *state)
{
	const struct bench_areas *areas = bench_data(state);

	return areas->passes_proved;
}

/* Odd, so that it is never a whole number of lines. */
static size_t look_stride(size_t words, bool first_look)
{
	return first_look || words <= LOOKS ? 1 : words / LOOKS | 1;
}

int bench_areas_look(struct bench_state *state, struct bench_areas *areas, uint64_t base,
		     uint64_t follows, const char *wanted)
{
	size_t stride = look_stride(areas->words, !areas->looked);

	areas->looked = true;
	for (size_t i = 0; i < areas->words; i += stride)
		if (areas->to[i] != base + follows * bench_word_value(i))
			return bench_fail(state, "word %zu does not hold %s", i, wanted);
	return BENCH_OK;
}
