// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the first read of a page of a mapped file that must come from disk.
 * Why: what a fault is thought to be: a page fetched from disk while the task sleeps. It holds
 * the fault, the block layer, the device and the wake-up.
 * Source: page fault service time from disk, as measured in courses on operating systems;
 * getrusage(2), posix_fadvise(2), madvise(2).
 */
#include "bench_file.h"
#include "bench_pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct data {
	struct bench_file file;
	struct bench_pages area; /* the file's mapping */
	struct bench_order order;
	struct bench_faults mark;
	uint64_t pages_right;
};

static int map_file(struct bench_state *state, struct data *data)
{
	int error = bench_pages_reserve(state, &data->area, data->file.bytes);

	if (error != 0)
		return error;
	if (mmap(data->area.start, data->area.bytes, PROT_READ, MAP_SHARED | MAP_FIXED,
		 data->file.fd, 0) == MAP_FAILED)
		return bench_fail(state, "mmap: %s", strerror(errno));
	if (madvise(data->area.start, data->area.bytes, MADV_RANDOM) != 0)
		return bench_fail(state, "madvise RANDOM: %s", strerror(errno));
	return BENCH_OK;
}

static int drop(struct bench_state *state, const struct data *data)
{
	if (madvise(data->area.start, data->area.bytes, MADV_DONTNEED) != 0)
		return bench_fail(state, "madvise DONTNEED: %s", strerror(errno));
	return bench_file_drop(state, &data->file);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t bytes = (uint64_t)bench_value(state, "file_bytes");

	int error = bench_file_require_disk(state, NULL);
	if (error == 0)
		error = bench_file_make(state, &data->file, NULL, bytes);
	if (error == 0)
		error = bench_file_sync(state, &data->file);
	if (error == 0)
		error = bench_order_make(state, &data->order, bytes, bench_page_bytes(), true);
	if (error == 0)
		error = map_file(state, data);
	if (error == 0)
		error = drop(state, data);
	if (error != 0)
		return error;
	int64_t resident =
		bench_pages_resident(data->area.start, data->area.bytes, data->area.page_bytes);
	if (resident == 0)
		return BENCH_OK;
	return bench_skip(state,
			  "%lld pages of the file do not leave the page cache; needs "
			  "--directory on another file system",
			  (long long)resident);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	if (iterations > data->order.count)
		return bench_fail(state, "the file's %zu pages do not last long enough to be timed",
				  data->order.count);
	int error = drop(state, data);
	data->mark = bench_faults_now();
	return error;
}

/* No page twice within a run: the number of pages bounds the iterations. */
BENCH_COUNTED static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t next = data->order.next;
	uint64_t pages_right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t offset = data->order.offsets[next];
		const char *page = data->area.start + offset;
		pages_right +=
			*(const volatile uint64_t *)(const void *)page == bench_file_word(offset);
		next = next + 1 == data->order.count ? 0 : next + 1;
	}
	data->order.next = next;
	data->pages_right += pages_right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return bench_faults_check(state, &data->mark, iterations, 0, 1);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->pages_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->area);
	bench_order_free(&data->order);
	bench_file_close(&data->file);
}

static const struct bench_parameter parameters[] = {
	{.name = "file_bytes",
	 .about = "size of the file whose pages are read in random order",
	 .value = 64 << 20,
	 .min = 1 << 20,
	 .max = INT64_C(1) << 40},
	{0},
};

static const struct bench lat_fault_major = {
	.name = "lat_fault_major",
	.summary = "page fault served from disk: a page of a mapped file, not in the page cache",
	.doc = "Times one read of each of many pages, in random order, of a mapped file of which nothing\n"
	       "is in the page cache: fault, block layer, device, sleep and wake-up. The file is written\n"
	       "and synced once, and before each run, not timed, its pages are dropped with\n"
	       "posix_fadvise(); MADV_RANDOM keeps the kernel from reading ahead. A virtual disk may\n"
	       "answer from its host's memory. Skipped on tmpfs, and where pages do not leave the cache.\n"
	       "Work proof: each word read says where in the file it stands, and the kernel must count\n"
	       "one major fault per operation within 1 % and no minor ones.\n"
	       "Idea: page fault service time from disk, as in system measurement courses; there by a\n"
	       "stride over a file larger than memory.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.iterations_max = 256,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MAJOR_FAULTS, 0.98, 1.02}, {BENCH_MINOR_FAULTS, 0, 0.5}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_fault_major);
