// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message, of one byte unless told otherwise, through a pipe to another process and
 * back through a second pipe.
 * Why: the shortest conversation of two processes: two writes, two reads, two wake-ups and
 * two context switches. Placement decides the answer (same CPU and cross CPU differ tenfold),
 * hence it is part of the result.
 * Source: lmbench paper (USENIX 1996), interprocess communication latencies; pipe(7).
 */
#include "bench_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int setup(struct bench_state *state)
{
	struct bench_pair *pair = bench_data(state);
	int there[2];
	int back[2];

	if (pipe2(there, O_CLOEXEC) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	if (pipe2(back, O_CLOEXEC) != 0) {
		int error = errno;
		(void)close(there[0]);
		(void)close(there[1]);
		return bench_fail(state, "pipe: %s", strerror(error));
	}
	pair->parent_from = back[0];
	pair->parent_to = there[1];
	pair->child_from = there[0];
	pair->child_to = back[1];
	return bench_pair_start(state, pair);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_pair *pair = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_pair_pass(state, pair);
	return error;
}

static const struct bench lat_pipe = {
	.name = "lat_pipe",
	.summary = "round trip of a message through two pipes between two processes",
	.doc = "Times write() of a message to a pipe and read() of the answer from another, while a\n"
	       "second process reads and writes back: a round trip has two system calls, a wake-up\n"
	       "and a context switch in each direction. Nothing is subtracted but clock and loop.\n"
	       "With cross-cpu the wake-up goes to another, possibly sleeping CPU: a different\n"
	       "figure, not a worse one. A message of 64 KiB just fills a pipe of the usual size;\n"
	       "it is copied in and out twice, and a read may bring part of it. Work proof: the\n"
	       "other process counts the messages it sends back, each is stamped anew and checked,\n"
	       "and on one CPU the kernel must have counted two context switches each time.\n"
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
BENCH_REGISTER(lat_pipe);
