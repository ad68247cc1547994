// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: write() of a block in place and fsync() of the file.
 * Why: what makes data durable: databases and mail servers wait for it at each commit. It holds
 * the file system's journal and the device's flush.
 * Source: fsync(2); synchronous writes in the lmbench paper (USENIX 1996), file system latency.
 */
#include "bench_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_FSYNC, CALL_FDATASYNC };

typedef int loop_fn(struct bench_state *state, uint64_t iterations);

struct data {
	struct bench_file file;
	struct bench_order order;
	uint64_t *block;
	size_t block_bytes;
	loop_fn *loop;
	uint64_t stamp; /* first word of the blocks written last */
	uint64_t blocks_synced;
};

static bool write_next(struct data *data)
{
	uint64_t offset = bench_order_next(&data->order);

	return pwrite(data->file.fd, data->block, data->block_bytes, (off_t)offset) ==
	       (ssize_t)data->block_bytes;
}

static int write_and_fsync(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		if (!write_next(data))
			return bench_fail(state, "write: %s", strerror(errno));
		if (fsync(data->file.fd) != 0)
			return bench_fail(state, "fsync: %s", strerror(errno));
		data->blocks_synced++;
	}
	return BENCH_OK;
}

static int write_and_fdatasync(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		if (!write_next(data))
			return bench_fail(state, "write: %s", strerror(errno));
		if (fdatasync(data->file.fd) != 0)
			return bench_fail(state, "fdatasync: %s", strerror(errno));
		data->blocks_synced++;
	}
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t bytes = (uint64_t)bench_value(state, "file_bytes");

	data->block_bytes = (size_t)bench_value(state, "block_bytes");
	data->loop =
		bench_value(state, "call") == CALL_FSYNC ? write_and_fsync : write_and_fdatasync;
	data->block = bench_direct_buffer(state, data->block_bytes);
	if (data->block == NULL)
		return BENCH_ERROR;
	int error = bench_file_require_disk(state, NULL);
	if (error == 0)
		error = bench_file_make(state, &data->file, NULL, bytes);
	if (error == 0)
		error = bench_order_make(state, &data->order, bytes, data->block_bytes, false);
	if (error == 0)
		error = bench_file_sync(state, &data->file);
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	data->block[0] = ++data->stamp;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	off_t last = (off_t)bench_order_last(&data->order);
	uint64_t word = 0;

	(void)iterations;
	if (pread(data->file.fd, &word, sizeof(word), last) == (ssize_t)sizeof(word) &&
	    word == data->stamp)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: the last block is not as written");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->blocks_synced;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_order_free(&data->order);
	bench_file_close(&data->file);
	free(data->block);
}

static const char *const call_words[] = {"fsync", "fdatasync", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "call",
	 .about = "fdatasync leaves out times that only stat() would show",
	 .words = call_words},
	{.name = "block_bytes",
	 .about = "written before each",
	 .value = 4096,
	 .min = 8,
	 .max = 1 << 20},
	{.name = "file_bytes",
	 .about = "size of the file that is overwritten block by block",
	 .value = 1 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 40},
	{0},
};

static const struct bench lat_fsync = {
	.name = "lat_fsync",
	.summary = "write a block and wait until it is on disk",
	.doc = "Times pwrite() of a block over one that is there, and fsync() or fdatasync() of the file:\n"
	       "data, and for fsync() the inode's times through the journal, are on the device and its\n"
	       "cache is flushed, if the device says that it has one. The blocks of the file follow one\n"
	       "another. A virtual disk may promise more than its host keeps. Skipped on tmpfs, where\n"
	       "there is nothing to wait for. Quoted is the median. Work proof: each call must succeed,\n"
	       "and after each run the last block has that run's number.\n"
	       "Idea: the synchronous updates that the lmbench paper suspects behind slow file systems,\n"
	       "asked for.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
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
BENCH_REGISTER(lat_fsync);
