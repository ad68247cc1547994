// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a file that is in the page cache, from its begin to its end, and summing it.
 * Why: reading again what was read before is the commonest read there is: copying out of the
 * page cache. The sum makes the program use the data, as programs do, and makes it comparable
 * with bw_mmap_read, which does nothing unless the data are used.
 * Source: lmbench paper (USENIX 1996), cached I/O bandwidth: 8 MB in pieces of 64 KB.
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SUM_YES, SUM_NO };
enum { OPEN_ONCE, OPEN_EACH };

typedef int pass_fn(struct bench_state *state, int fd);
typedef int loop_fn(struct bench_state *state, uint64_t iterations);

struct data {
	struct bench_file file;
	char *buffer;
	size_t buffer_bytes;
	uint64_t sum;  /* of the whole file */
	pass_fn *pass; /* reads the file once */
	loop_fn *loop;
	long disk_reads; /* of this thread, before a run */
	uint64_t passes_right;
};

/* Until all is there, and not until read() says so: for a small file that call would cost as
 * much as the rest. */
static int read_and_sum(struct bench_state *state, int fd)
{
	struct data *data = bench_data(state);
	uint64_t bytes = 0;
	uint64_t sum = 0;

	while (bytes < data->file.bytes) {
		ssize_t got = read(fd, data->buffer, data->buffer_bytes);
		if (got <= 0)
			return bench_fail(state, "read: %s", got < 0 ? strerror(errno) : "short");
		sum += bench_sum(data->buffer, (size_t)got);
		bytes += (uint64_t)got;
	}
	data->passes_right += sum == data->sum;
	return BENCH_OK;
}

/* The first word of each piece says where it stands. */
static int read_only(struct bench_state *state, int fd)
{
	struct data *data = bench_data(state);
	uint64_t bytes = 0;

	while (bytes < data->file.bytes) {
		ssize_t got = read(fd, data->buffer, data->buffer_bytes);
		if (got <= 0)
			return bench_fail(state, "read: %s", got < 0 ? strerror(errno) : "short");
		if (*(uint64_t *)(void *)data->buffer != bench_file_word(bytes))
			return bench_fail(state, "work proof failed: wrong data were read");
		bytes += (uint64_t)got;
	}
	data->passes_right += bytes == data->file.bytes;
	return BENCH_OK;
}

static int reread_open_file(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		if (lseek(data->file.fd, 0, SEEK_SET) != 0)
			return bench_fail(state, "lseek: %s", strerror(errno));
		error = data->pass(state, data->file.fd);
	}
	return error;
}

static int open_and_reread(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		int fd = open(data->file.path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return bench_fail(state, "open: %s", strerror(errno));
		error = data->pass(state, fd);
		if (close(fd) != 0)
			return bench_fail(state, "close: %s", strerror(errno));
	}
	return error;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t bytes = (uint64_t)bench_value(state, "size_bytes") / 8 * 8;

	data->buffer_bytes = (size_t)bench_value(state, "buffer_bytes") / 8 * 8;
	data->sum = bench_file_sum(bytes);
	data->pass = bench_value(state, "sum") == SUM_YES ? read_and_sum : read_only;
	data->loop = bench_value(state, "open") == OPEN_ONCE ? reread_open_file : open_and_reread;
	bench_set_bytes_per_operation(state, bytes);
	data->buffer = bench_direct_buffer(state, data->buffer_bytes);
	if (data->buffer == NULL)
		return BENCH_ERROR;
	return bench_file_make_cached(state, &data->file, bytes);
}

static long disk_reads_now(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_inblock;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	data->disk_reads = disk_reads_now();
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

/* A page that left the cache and was read again is not a page fault, which the kernel counts, but
 * it is a block. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	long disk_reads = disk_reads_now() - data->disk_reads;

	(void)iterations;
	if (disk_reads == 0)
		return BENCH_OK;
	return bench_fail(state, "%ld blocks came from disk: the file does not stay in memory",
			  disk_reads);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->passes_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_file_close(&data->file);
	free(data->buffer);
}

static const char *const sum_words[] = {"yes", "no", NULL};
static const char *const open_words[] = {"once", "each", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the file",
	 .value = 8 << 20,
	 .min = 8,
	 .max = INT64_C(1) << 40},
	{.name = "buffer_bytes",
	 .about = "bytes asked of each read()",
	 .value = 64 << 10,
	 .min = 8,
	 .max = 64 << 20},
	{.name = "sum", .about = "sum every word of what was read", .words = sum_words},
	{.name = "open", .about = "open the file once, or for each pass", .words = open_words},
	{0},
};

static const struct bench bw_file_read = {
	.name = "bw_file_read",
	.summary = "read a cached file again with read(), and sum it",
	.doc = "Times read() of a whole file that is in the page cache, by default 8 MiB in pieces of\n"
	       "64 KiB, and the sum of its 8-byte words, which makes the program use every byte. sum=no\n"
	       "leaves the sum out and looks at one word of each piece only: the kernel's copy alone.\n"
	       "open=each also opens and closes the file by its path in each pass, open=once has an lseek()\n"
	       "back to its begin. Buffer and part of the file may stay in the CPU's caches; more so with\n"
	       "small sizes. Written to disk before, not timed. Work proof: the sum of each pass is the one\n"
	       "that follows from the file's making, or each piece begins with the word of its place; and\n"
	       "no block was read from disk by the kernel's count.\n"
	       "Idea: lmbench paper, cached I/O bandwidth; it sums 4-byte words and not all of them in\n"
	       "every variant.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 30,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_file_read);
