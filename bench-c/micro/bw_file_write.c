// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: writing over a file that is in the page cache.
 * Why: the other direction of bw_file_read: what write() costs until it returns, without the disk,
 * which gets the data later.
 * Source: lmbench paper (USENIX 1996), cached I/O bandwidth, which has reading only.
 */
#include "bench_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct data {
	struct bench_file file;
	char *buffer;
	size_t buffer_bytes;
	uint64_t stamp; /* first word of each piece written last */
	uint64_t passes_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->buffer_bytes = (size_t)bench_value(state, "buffer_bytes");
	uint64_t pieces = (uint64_t)bench_value(state, "size_bytes") / data->buffer_bytes;
	if (pieces == 0)
		return bench_skip(state, "size_bytes= must not be less than buffer_bytes=");
	bench_set_bytes_per_operation(state, pieces * data->buffer_bytes);
	data->buffer = bench_direct_buffer(state, data->buffer_bytes);
	if (data->buffer == NULL)
		return BENCH_ERROR;
	return bench_file_make_cached(state, &data->file, pieces * data->buffer_bytes);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	*(uint64_t *)(void *)data->buffer = ++data->stamp;
	return BENCH_OK;
}

static int write_over(struct bench_state *state, struct data *data)
{
	uint64_t bytes = 0;

	while (bytes < data->file.bytes) {
		ssize_t written =
			pwrite(data->file.fd, data->buffer, data->buffer_bytes, (off_t)bytes);
		if (written < 0)
			return bench_fail(state, "write: %s", strerror(errno));
		bytes += (uint64_t)written;
	}
	data->passes_right += bytes == data->file.bytes;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = write_over(state, data);
	return error;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	(void)iterations;
	for (uint64_t at = 0; at < data->file.bytes; at += data->buffer_bytes) {
		uint64_t word = 0;
		if (pread(data->file.fd, &word, sizeof(word), (off_t)at) != (ssize_t)sizeof(word) ||
		    word != data->stamp)
			return bench_fail(state, "work proof failed: the file is not as written");
	}
	return BENCH_OK;
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

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the file, in whole buffers",
	 .value = 8 << 20,
	 .min = 8,
	 .max = INT64_C(1) << 40},
	{.name = "buffer_bytes",
	 .about = "bytes given to each write()",
	 .value = 64 << 10,
	 .min = 8,
	 .max = 64 << 20},
	{0},
};

static const struct bench bw_file_write = {
	.name = "bw_file_write",
	.summary = "write over a cached file",
	.doc = "Times pwrite() over a whole file whose blocks exist and are in the page cache, by default\n"
	       "8 MiB in pieces of 64 KiB: the copy into the page cache and marking it dirty. Nothing is\n"
	       "synced; the kernel writes dirty pages to disk in the background after some seconds,\n"
	       "which may slow some samples and, with files of many GiB, makes writers wait (then the\n"
	       "figure is the disk's). Work proof: every byte must be taken, and after each run all\n"
	       "pieces of the file begin with that run's number.\n"
	       "Idea: lmbench paper, cached I/O bandwidth, the other way round.",
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
BENCH_REGISTER(bw_file_write);
