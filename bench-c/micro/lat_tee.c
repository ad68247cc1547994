// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: tee() of what is in one pipe to another, and emptying that.
 * Why: duplicating data without copying them: references to pages are all that is made and
 * dropped.
 * Source: tee(2), splice(2).
 */
#include "bench_moving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE_BYTES = 4096, SIZE_BYTES_MAX = 1 << 20 };

struct data {
	int full[2];
	int copy[2];
	int null;
	size_t bytes;
	uint64_t moved;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error = 0;

	*data = (struct data){.full = {-1, -1}, .copy = {-1, -1}, .null = -1};
	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (data->null < 0)
		return bench_fail(state, "/dev/null: %s", strerror(errno));
	error = bench_moving_pipe(state, data->full, data->bytes);
	if (error == 0)
		error = bench_moving_pipe(state, data->copy, data->bytes);
	if (error != 0)
		return error;
	char *content = calloc(1, data->bytes);
	bool filled = content != NULL &&
		      write(data->full[1], content, data->bytes) == (ssize_t)data->bytes;
	free(content);
	return filled ? BENCH_OK : bench_fail(state, "cannot fill a pipe: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t bytes = data->bytes;

	for (uint64_t i = 0; i < iterations; i++) {
		if (tee(data->full[0], data->copy[1], bytes, SPLICE_F_NONBLOCK) != (ssize_t)bytes)
			return bench_fail(state, "tee: %s", strerror(errno));
		ssize_t moved = splice(data->copy[0], NULL, data->null, NULL, bytes, 0);
		if (moved != (ssize_t)bytes)
			return bench_fail(state, "splice: %s", strerror(errno));
		data->moved += (uint64_t)moved;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->moved / data->bytes;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	const int fds[] = {data->full[0], data->full[1], data->copy[0], data->copy[1], data->null};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "in the pipe",
	 .value = SIZE_BYTES,
	 .min = 1,
	 .max = SIZE_BYTES_MAX},
	{0},
};

static const struct bench lat_tee = {
	.name = "lat_tee",
	.summary = "duplicate a pipe's content and drop the duplicate",
	.doc = "Times tee() of the size_bytes that stay in one pipe to a second pipe, and splice()\n"
	       "of the second pipe's content to /dev/null, without which it would be full: two\n"
	       "system calls, and for each page a reference taken and dropped. No byte is copied, so\n"
	       "the figure grows with the number of pages, not with their content; it is a latency\n"
	       "for that reason. Both pipes are of the usual size unless size_bytes needs more,\n"
	       "which fs.pipe-max-size limits. Work proof: both calls must say size_bytes, and what\n"
	       "was duplicated is counted where it is dropped.\n"
	       "Idea: tee(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_tee);
