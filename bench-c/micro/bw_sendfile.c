// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: sendfile() from a file in the page cache to another file or to /dev/null.
 * Why: the call by which servers send files, without the socket: one system call and one copy,
 * through a pipe that the kernel keeps for the task.
 * Source: sendfile(2); lmbench's file bandwidth, by a call that is newer.
 */
#include "bench_moving.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { SIZE_BYTES = 65536, SIZE_BYTES_MAX = 64 << 20 };
enum { TO_FILE, TO_NULL };
static const char *const destinations[] = {"file", "null", NULL};

static int setup(struct bench_state *state)
{
	return bench_moving_open(state, BENCH_MOVE_IN_MEMORY, bench_value(state, "to") == TO_FILE);
}

static bool send_all(const struct bench_moving *data)
{
	off_t offset = 0;
	size_t left = data->bytes;

	while (left > 0) {
		ssize_t moved = sendfile(data->to, data->from, &offset, left);
		if (moved <= 0)
			return false;
		left -= (size_t)moved;
	}
	return true;
}

/* sendfile() writes where the file's position is, so that has to be set back each time. */
static int run_to_file(struct bench_state *state, uint64_t iterations)
{
	struct bench_moving *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		if (lseek(data->to, 0, SEEK_SET) != 0 || !send_all(data))
			return bench_fail(state, "sendfile: %s", strerror(errno));
		data->moved += data->bytes;
	}
	return BENCH_OK;
}

static int run_to_null(struct bench_state *state, uint64_t iterations)
{
	struct bench_moving *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		if (!send_all(data))
			return bench_fail(state, "sendfile: %s", strerror(errno));
		data->moved += data->bytes;
	}
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct bench_moving *data = bench_data(state);

	return data->to_file ? run_to_file(state, iterations) : run_to_null(state, iterations);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "sent by each operation",
	 .value = SIZE_BYTES,
	 .min = 1,
	 .max = SIZE_BYTES_MAX},
	{.name = "to", .about = "where the data end", .value = TO_FILE, .words = destinations},
	{0},
};

static const struct bench bw_sendfile = {
	.name = "bw_sendfile",
	.summary = "send a file in the page cache to another file",
	.doc = "Times sendfile() of size_bytes from the start of a memory file to another memory\n"
	       "file, with an lseek() back to its start each time, or with to=null to /dev/null;\n"
	       "calls are repeated until all is sent. To a file the data are copied once, in the\n"
	       "kernel, against twice with read() and write(): in caches if size_bytes is small. To\n"
	       "/dev/null nothing is copied and the figure is page handling expressed in bytes.\n"
	       "Everything is in the page cache; no device and no network is involved. Work proof:\n"
	       "the calls' return values must add up to size_bytes, and the data's end in the other\n"
	       "file is looked at after each run.\n"
	       "Idea: sendfile(2), beside lmbench's file bandwidth.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct bench_moving),
	.setup = setup,
	.run = run,
	.restore = bench_moving_restore,
	.work = bench_moving_work,
	.teardown = bench_moving_teardown,
};
BENCH_REGISTER(bw_sendfile);
