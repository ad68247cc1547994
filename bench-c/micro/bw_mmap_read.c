// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: summing a file that is in the page cache through a mapping of it.
 * Why: reading without a copy. With the mapping made once it is memory bandwidth, with a new one
 * for each pass the page faults come in: read() may be the cheaper way.
 * Source: lmbench paper (USENIX 1996), cached I/O bandwidth: 8 MB mapped whole and summed.
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAP_ONCE, MAP_EACH };

typedef int loop_fn(struct bench_state *state, uint64_t iterations);

struct data {
	struct bench_file file;
	void *mapping;
	uint64_t sum; /* of the whole file */
	loop_fn *loop;
	uint64_t passes_right;
};

static int sum_mapping(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += bench_sum(data->mapping, data->file.bytes) == data->sum;
	data->passes_right += right;
	return BENCH_OK;
}

static int map_and_sum(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int fd = open(data->file.path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return bench_fail(state, "open: %s", strerror(errno));
		void *mapping = mmap(NULL, data->file.bytes, PROT_READ, MAP_SHARED, fd, 0);
		(void)close(fd);
		if (mapping == MAP_FAILED)
			return bench_fail(state, "mmap: %s", strerror(errno));
		right += bench_sum(mapping, data->file.bytes) == data->sum;
		if (munmap(mapping, data->file.bytes) != 0)
			return bench_fail(state, "munmap: %s", strerror(errno));
	}
	data->passes_right += right;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t bytes = (uint64_t)bench_value(state, "size_bytes") / 8 * 8;

	data->sum = bench_file_sum(bytes);
	data->loop = bench_value(state, "map") == MAP_ONCE ? sum_mapping : map_and_sum;
	bench_set_bytes_per_operation(state, bytes);
	int error = bench_file_make_cached(state, &data->file, bytes);
	if (error != 0)
		return error;
	data->mapping = mmap(NULL, bytes, PROT_READ, MAP_SHARED, data->file.fd, 0);
	if (data->mapping == MAP_FAILED) {
		data->mapping = NULL;
		return bench_fail(state, "mmap: %s", strerror(errno));
	}
	if (bench_sum(data->mapping, bytes) != data->sum)
		return bench_fail(state, "the file is not as written");
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->passes_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->mapping != NULL)
		(void)munmap(data->mapping, data->file.bytes);
	bench_file_close(&data->file);
}

static const char *const map_words[] = {"once", "each", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the file",
	 .value = 8 << 20,
	 .min = 8,
	 .max = INT64_C(1) << 40},
	{.name = "map",
	 .about = "once: mapped and read before; each: opened, mapped and unmapped in each pass",
	 .words = map_words},
	{0},
};

static const struct bench bw_mmap_read = {
	.name = "bw_mmap_read",
	.summary = "read a cached file again through a mapping, and sum it",
	.doc = "Times the sum of all 8-byte words of a file that is in the page cache, by default 8 MiB,\n"
	       "through a MAP_SHARED mapping. map=once: the mapping is made and read once before, so\n"
	       "that no fault is left and the figure is memory bandwidth by way of small pages.\n"
	       "map=each: open(), mmap(), sum, munmap() and close() in each pass; the kernel maps many\n"
	       "pages per fault, faults per operation are shown beside the figure. To compare with\n"
	       "bw_file_read, which has the same sum. Work proof: the sum of each pass is the one that\n"
	       "follows from the file's making, and nothing may be read from disk.\n"
	       "Idea: lmbench paper, cached I/O bandwidth, file mmap.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 30,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MAJOR_FAULTS, 0, 0.5}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_mmap_read);
