// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: mmap() and munmap() of so many bytes, and if asked for, what touching them costs.
 * Why: allocators map and unmap large blocks, loaders map files. The calls alone cost the same
 * for every size; with touched pages the faults and the freeing come in.
 * Source: lmbench paper (USENIX 1996), memory mapping; mmap(2), munmap(2).
 */
#include "bench_file.h"
#include "bench_pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { TOUCH_NONE, TOUCH_PAGE, TOUCH_ALL };
enum { BACKING_FILE, BACKING_ANONYMOUS };

typedef int loop_fn(struct bench_state *state, uint64_t iterations);

struct data {
	struct bench_file file;
	size_t bytes;
	size_t page_bytes;
	size_t touched; /* pages of each mapping */
	loop_fn *loop;
	uint64_t mappings_right;
};

/* All pages that are touched say where they stand. */
static bool read_pages(const char *start, const struct data *data)
{
	size_t right = 0;

	for (size_t i = 0; i < data->touched; i++) {
		size_t offset = i * data->page_bytes;
		right += *(const volatile uint64_t *)(const void *)(start + offset) ==
			 bench_file_word(offset);
	}
	return right == data->touched;
}

/* All are fresh: zeroed beside the word that is written. */
static bool write_pages(char *start, const struct data *data)
{
	size_t right = 0;

	for (size_t i = 0; i < data->touched; i++) {
		volatile uint64_t *words =
			(volatile uint64_t *)(void *)(start + i * data->page_bytes);
		words[0] = 1;
		right += words[1] == 0;
	}
	return right == data->touched;
}

static int map_file(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		char *start = mmap(NULL, data->bytes, PROT_READ, MAP_SHARED, data->file.fd, 0);
		if (start == MAP_FAILED)
			return bench_fail(state, "mmap: %s", strerror(errno));
		right += read_pages(start, data);
		if (munmap(start, data->bytes) != 0)
			return bench_fail(state, "munmap: %s", strerror(errno));
	}
	data->mappings_right += right;
	return BENCH_OK;
}

/* As an allocator does it: the kernel may merge the mapping with one beside it. */
static int map_anonymous(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		char *start = mmap(NULL, data->bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (start == MAP_FAILED)
			return bench_fail(state, "mmap: %s", strerror(errno));
		right += write_pages(start, data);
		if (munmap(start, data->bytes) != 0)
			return bench_fail(state, "munmap: %s", strerror(errno));
	}
	data->mappings_right += right;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int64_t touch = bench_value(state, "touch");
	bool of_file = bench_value(state, "backing") == BACKING_FILE;

	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->page_bytes = bench_page_bytes();
	if (touch == TOUCH_PAGE)
		data->touched = 1;
	else if (touch == TOUCH_ALL)
		data->touched = (data->bytes + data->page_bytes - 1) / data->page_bytes;
	data->loop = of_file ? map_file : map_anonymous;
	int error = of_file || touch == TOUCH_ALL ? bench_memory_check(state, data->bytes) : 0;
	if (error == 0 && of_file)
		error = bench_file_make(state, &data->file, NULL, data->bytes);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->mappings_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_file_close(&data->file);
}

static const char *const touch_words[] = {"none", "page", "all", NULL};
static const char *const backing_words[] = {"file", "anonymous", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the mapping",
	 .value = 1 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 40},
	{.name = "touch",
	 .about = "pages touched in each mapping: none, the first page, or all of them",
	 .words = touch_words},
	{.name = "backing",
	 .about = "a cached file, read; or nothing, written",
	 .words = backing_words},
	{0},
};

static const struct bench lat_mmap = {
	.name = "lat_mmap",
	.summary = "map a cached file or memory, touch none or some of it, unmap it",
	.doc = "Times mmap() of a whole file that is in the page cache (MAP_SHARED, read-only), or of\n"
	       "anonymous memory (MAP_PRIVATE, read and write), the touching of none, one or all of\n"
	       "its pages, and munmap(). touch=none is the two system calls alone, which hardly depend\n"
	       "on the size; with touch=all every page is read (file) or written (anonymous). The kernel\n"
	       "maps more pages of a file than the one that faulted, and huge pages are not forbidden:\n"
	       "faults per operation, shown beside the figure, tell how many. For unmapping alone see\n"
	       "lat_munmap. Work proof: each page touched has the word of its place in the file, or\n"
	       "is zeroed; each call must succeed.\n"
	       "Idea: lmbench paper, memory mapping. Its program always touches pages, a part of the\n"
	       "mapping with a fixed stride; here that is a parameter.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_mmap);
