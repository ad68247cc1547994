// SPDX-License-Identifier: GPL-2.0-or-later
/* One task and its memory. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 1024, CHASE = 256 << 10, LINE = 64, LARGE = 128 << 20 };

static char *memory, *other;
static void **chain;

static void *anonymous(size_t size)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(place != MAP_FAILED);
	MUST(madvise(place, size, MADV_NOHUGEPAGE) == 0);
	return place;
}

LOOP(do_protect, MUST(mprotect(memory, 16 * PAGE, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ) == 0))

static void do_map(long n)
{
	for (long i = 0; i < n; i++) {
		void *place = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(place != MAP_FAILED && munmap(place, 1 << 20) == 0);
	}
}

static void do_chase(long n)
{
	void **place = chain;

	for (long i = 0; i < n; i++)
		place = *place;
	__asm__ volatile("" ::"r"(place));
}

static void do_copy(long n)
{
	for (long i = 0; i < n; i++) {
		memcpy(other, memory, LARGE);
		__asm__ volatile("" ::: "memory");
	}
}

static void do_clear(long n)
{
	for (long i = 0; i < n; i++) {
		memset(memory, 0, LARGE);
		__asm__ volatile("" ::: "memory");
	}
}

/* Touching, without the giving back of the pages, which is before each batch. */
static void do_fault(long n)
{
	for (long i = 0; i < n; i++)
		((volatile char *)memory)[i * PAGE] = 1;
}

static void give_back(void)
{
	MUST(madvise(memory, (size_t)PAGES * PAGE, MADV_DONTNEED) == 0);
}

static void open_guarded(void)
{
	char *all = mmap(NULL, 18 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(all != MAP_FAILED);
	memory = all + PAGE;
	MUST(mprotect(memory, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	MUST(madvise(memory, 16 * PAGE, MADV_NOHUGEPAGE) == 0);
	memset(memory, 1, 16 * PAGE);
}

static void open_pages(void)
{
	memory = anonymous((size_t)PAGES * PAGE);
}

static void open_chain(void)
{
	enum { PLACES = CHASE / LINE };
	static unsigned order[PLACES];

	memory = anonymous(CHASE);
	srand(1);
	for (unsigned i = 0; i < PLACES; i++)
		order[i] = i;
	for (unsigned i = PLACES - 1; i > 0; i--) {
		unsigned j = (unsigned)rand() % i, kept = order[i]; /* one cycle: Sattolo */
		order[i] = order[j];
		order[j] = kept;
	}
	for (unsigned i = 0; i < PLACES; i++)
		*(void **)(memory + (size_t)i * LINE) = memory + (size_t)order[i] * LINE;
	chain = (void **)memory;
}

/* As far apart as kbench's areas are: at some distances, a page more or less, the C library copies
 * a sixth faster. */
static void open_large(void)
{
	enum { APART = LARGE + 33 * LINE };

	memory = anonymous(APART + LARGE);
	other = memory + APART;
	memset(memory, 1, APART + LARGE);
}

const struct probe memory_probes[] = {
	{"map", NULL, do_map, NULL, 0, 0},
	{"protect", open_guarded, do_protect, NULL, 0, 0},
	{"fault", open_pages, do_fault, give_back, PAGES, 0},
	{"chase", open_chain, do_chase, NULL, 0, 0},
	{"copy", open_large, do_copy, NULL, 0, LARGE},
	{"clear", open_large, do_clear, NULL, 0, LARGE},
	{0},
};
