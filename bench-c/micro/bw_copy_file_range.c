// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: copy_file_range() from one file to another, both in the page cache.
 * Why: how cp copies today: the file system may share the blocks instead, or the kernel copies
 * without a detour through the program.
 * Source: copy_file_range(2); lmbench's file bandwidth, by a call that is newer.
 */
#include "bench_moving.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SIZE_BYTES = 65536, SIZE_BYTES_MAX = 64 << 20 };
static const char *const places[] = {"memory", "disk", NULL};

static bool copy_all(const struct bench_moving *data)
{
	off_t source = 0;
	off_t destination = 0;
	size_t left = data->bytes;

	while (left > 0) {
		ssize_t moved =
			copy_file_range(data->from, &source, data->to, &destination, left, 0);
		if (moved <= 0)
			return false;
		left -= (size_t)moved;
	}
	return true;
}

static int setup(struct bench_state *state)
{
	const struct bench_moving *data = bench_data(state);

	int error =
		bench_moving_open(state, (enum bench_moving_place)bench_value(state, "of"), true);
	if (error != 0)
		return error;
	if (copy_all(data))
		return BENCH_OK;
	if (errno == ENOSYS || errno == EOPNOTSUPP || errno == EXDEV || errno == EINVAL)
		return bench_skip(state, "no copy_file_range for these files: %s", strerror(errno));
	return bench_fail(state, "copy_file_range: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_moving *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		if (!copy_all(data))
			return bench_fail(state, "copy_file_range: %s", strerror(errno));
		data->moved += data->bytes;
	}
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "copied by each operation",
	 .value = SIZE_BYTES,
	 .min = 1,
	 .max = SIZE_BYTES_MAX},
	{.name = "of",
	 .about = "where the files are: in memory, or in the directory for files",
	 .value = BENCH_MOVE_IN_MEMORY,
	 .words = places},
	{0},
};

static const struct bench bw_copy_file_range = {
	.name = "bw_copy_file_range",
	.summary = "copy a file in the page cache by copy_file_range",
	.doc = "Times copy_file_range() of size_bytes from the start of one file to the start of\n"
	       "another that is as long; calls are repeated until all is copied. Both are memory\n"
	       "files, where the kernel copies once through its own pipe, in caches if size_bytes is\n"
	       "small. With of=disk they are in the directory for files: what happens is then the\n"
	       "file system's choice, which may share blocks and copy nothing (btrfs, XFS), and the\n"
	       "figure is no bandwidth of memory; writing back is not waited for, but may disturb.\n"
	       "Work proof: the calls' return values must add up to size_bytes, and the data's end\n"
	       "in the copy is looked at after each run and made wrong again.\n"
	       "Idea: copy_file_range(2), beside lmbench's file bandwidth.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct bench_moving),
	.setup = setup,
	.run = run,
	.restore = bench_moving_restore,
	.work = bench_moving_work,
	.teardown = bench_moving_teardown,
};
BENCH_REGISTER(bw_copy_file_range);
