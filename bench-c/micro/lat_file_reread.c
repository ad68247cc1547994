// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a whole file again, block by block, per block.
 * Why: while the file fits into the page cache it is a copy; when it does not, least recently
 * used pages go just before they are needed and every block comes from disk. The size at which
 * the time jumps is the size of the file cache.
 * Source: size of the file cache, as measured in courses on operating systems: files of growing
 * size read in 4 KiB blocks, the first pass left out.
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096 };
enum { READAHEAD_YES, READAHEAD_NO };

struct data {
	struct bench_file file;
	char *block;
	uint64_t blocks_right;
};

static int read_all(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t right = 0;

	for (uint64_t at = 0; at < data->file.bytes; at += BLOCK_BYTES) {
		ssize_t got = pread(data->file.fd, data->block, BLOCK_BYTES, (off_t)at);
		if (got != BLOCK_BYTES)
			return bench_fail(state, "read: %s", got < 0 ? strerror(errno) : "short");
		right += *(const uint64_t *)(const void *)data->block == bench_file_word(at);
	}
	data->blocks_right += right;
	return BENCH_OK;
}

/* Synced, so that no page is kept only because it is dirty; read once, so that what is timed is
 * never the first time. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint64_t blocks = (uint64_t)bench_value(state, "size_bytes") / BLOCK_BYTES;

	bench_set_operations_per_iteration(state, blocks);
	data->block = bench_direct_buffer(state, BLOCK_BYTES);
	if (data->block == NULL)
		return BENCH_ERROR;
	int error = bench_file_make(state, &data->file, NULL, blocks * BLOCK_BYTES);
	if (error == 0)
		error = bench_file_sync(state, &data->file);
	if (error == 0)
		error = read_all(state);
	if (error == 0 && bench_value(state, "readahead") == READAHEAD_NO &&
	    posix_fadvise(data->file.fd, 0, 0, POSIX_FADV_RANDOM) != 0)
		error = bench_fail(state, "posix_fadvise RANDOM fails");
	data->blocks_right = 0;
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = read_all(state);
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->blocks_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_file_close(&data->file);
	free(data->block);
}

static const char *const readahead_words[] = {"yes", "no", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the file; it jumps where the page cache ends",
	 .value = 64 << 20,
	 .min = BLOCK_BYTES,
	 .max = INT64_C(1) << 42},
	{.name = "readahead",
	 .about = "no: what is not cached is read block by block, which makes the jump higher",
	 .words = readahead_words},
	{0},
};

static const struct bench lat_file_reread = {
	.name = "lat_file_reread",
	.summary = "read a file again as a whole, per 4 KiB block",
	.doc = "Times pread() of each 4 KiB block of a file, in order, again and again, after it was\n"
	       "written, synced and read once; the figure is per block. As long as the file fits into\n"
	       "the page cache, a block is a system call and a copy. A file larger than that is never\n"
	       "found in it, because what was used longest ago goes first, and the disk decides the\n"
	       "figure: a sweep of size_bytes up to the machine's memory and beyond shows how large the\n"
	       "file cache can grow. With read-ahead a fast disk may be only a few times slower than\n"
	       "the cache; readahead=no makes the jump clear. Skipped when the file needs more than\n"
	       "half of the free disk. Quoted is the median. Work proof:\n"
	       "each block begins with the word of its place in the file.\n"
	       "Idea: size of the file cache in system measurement courses.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 600,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_file_reread);
