// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: splice() from a file in the page cache to a pipe, and from the pipe to /dev/null or
 * to another file.
 * Why: moving pages instead of bytes: to /dev/null nothing is copied at all, to a file once,
 * against twice with read() and write().
 * Source: splice(2); lmbench's file bandwidth, by a call that is newer.
 */
#include "bench_moving.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SIZE_BYTES = 65536, SIZE_BYTES_MAX = 1 << 20 };
enum { TO_NULL, TO_FILE };
static const char *const destinations[] = {"null", "file", NULL};

struct data {
	struct bench_moving files;
	int pipe[2]; /* 0: not open */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error =
		bench_moving_open(state, BENCH_MOVE_IN_MEMORY, bench_value(state, "to") == TO_FILE);

	return error != 0 ? error : bench_moving_pipe(state, data->pipe, data->files.bytes);
}

/* Everything from one descriptor to the other, at the start of files. */
static bool move_all(int from, bool from_file, int to, bool to_file, size_t bytes)
{
	loff_t source = 0;
	loff_t destination = 0;

	while (bytes > 0) {
		ssize_t moved = splice(from, from_file ? &source : NULL, to,
				       to_file ? &destination : NULL, bytes, SPLICE_F_MOVE);
		if (moved <= 0)
			return false;
		bytes -= (size_t)moved;
	}
	return true;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_moving *files = &data->files;
	size_t bytes = files->bytes;

	for (uint64_t i = 0; i < iterations; i++) {
		if (!move_all(files->from, true, data->pipe[1], false, bytes) ||
		    !move_all(data->pipe[0], false, files->to, files->to_file, bytes))
			return bench_fail(state, "splice: %s", strerror(errno));
		files->moved += bytes;
	}
	return BENCH_OK;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	bench_moving_teardown(state);
	for (int i = 0; i < 2; i++)
		if (data->pipe[i] > 0)
			(void)close(data->pipe[i]);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "moved by each operation",
	 .value = SIZE_BYTES,
	 .min = 1,
	 .max = SIZE_BYTES_MAX},
	{.name = "to", .about = "where the data end", .value = TO_NULL, .words = destinations},
	{0},
};

static const struct bench bw_splice = {
	.name = "bw_splice",
	.summary = "move a file's pages through a pipe by splice",
	.doc = "Times splice() of size_bytes from the start of a memory file into a pipe that holds\n"
	       "as much, and splice() from the pipe to /dev/null or, with to=file, to the start of\n"
	       "another memory file; calls are repeated until all is moved. To /dev/null nothing is\n"
	       "copied: references to pages go into the pipe and are dropped, so the figure is page\n"
	       "handling expressed in bytes and far above the bandwidth of memory. To a file the\n"
	       "data are copied once, in caches if size_bytes is small. Everything is in the page\n"
	       "cache; no device is involved. Work proof: the calls' return values must add up to\n"
	       "size_bytes, and with to=file the data's end is looked at after each run.\n"
	       "Idea: splice(2), beside lmbench's file bandwidth.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = bench_moving_restore,
	.work = bench_moving_work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_splice);
