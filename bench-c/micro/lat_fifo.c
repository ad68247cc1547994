// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message through a FIFO to another process and back through a second FIFO.
 * Why: beside lat_pipe it says what a name in a file system adds to a pipe: once open, it
 * should be nothing, but a FIFO has the file system's inode and so updates its times.
 * Source: lmbench paper (USENIX 1996), interprocess communication latencies; fifo(7).
 */
#include "bench_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reader first, without waiting for a writer, then it is made to wait. */
static int open_fifo(struct bench_state *state, const char *name, int *from, int *to)
{
	char path[PATH_MAX];
	const char *directory = bench_directory(state);

	if (directory == NULL)
		return BENCH_ERROR;
	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (mkfifo(path, S_IRUSR | S_IWUSR) != 0) {
		if (errno == EPERM || errno == EOPNOTSUPP)
			return bench_skip(state, "no FIFOs in %s (choose another --directory)",
					  directory);
		return bench_fail(state, "mkfifo %s: %s", path, strerror(errno));
	}
	*from = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	*to = open(path, O_WRONLY | O_CLOEXEC);
	if (*from < 0 || *to < 0 || fcntl(*from, F_SETFL, 0) != 0)
		return bench_fail(state, "open %s: %s", path, strerror(errno));
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct bench_pair *pair = bench_data(state);

	int error = open_fifo(state, "there", &pair->child_from, &pair->parent_to);
	if (error == 0)
		error = open_fifo(state, "back", &pair->parent_from, &pair->child_to);
	if (error == 0)
		error = bench_pair_start(state, pair);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_pair *pair = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_pair_pass(state, pair);
	return error;
}

static const struct bench lat_fifo = {
	.name = "lat_fifo",
	.summary = "round trip of a message through two FIFOs between two processes",
	.doc = "Times write() of a message to a FIFO and read() of the answer from another, while a\n"
	       "second process reads and writes back. The FIFOs are made and opened before, in the\n"
	       "directory for files; after that it is lat_pipe but for the inode, whose times the\n"
	       "file system of that directory keeps. Two context switches a round trip on one CPU,\n"
	       "which the kernel must have counted. Work proof: the other process counts what it\n"
	       "sends back, and each message is stamped anew and checked. The other process ends at\n"
	       "end of file, so that a death on either side ends the run.\n"
	       "Idea: lmbench paper, interprocess communication latencies.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = bench_pair_parameters,
	.data_size = sizeof(struct bench_pair),
	.setup = setup,
	.run = run,
	.work = bench_pair_work,
	.teardown = bench_pair_teardown,
};
BENCH_REGISTER(lat_fifo);
