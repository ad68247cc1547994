// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fork(), a child that ends at once with _exit(), and waitpid() for it.
 * Why: life and death of a process: copying and freeing an address space, scheduling a new
 * task, sending its end to the parent. _exit() and not exit(): no atexit() handlers and no
 * stdio in the figure. The size of the parent matters, and it is small and fixed here.
 * Source: lmbench paper (USENIX 1996), process creation costs; fork(2), _exit(2), wait(2).
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_MASK = 0x7f };

struct data {
	uint64_t children_right;
};

/* The child's status is a number that only it was given: it has run its own code. */
static int fork_and_wait(struct bench_state *state, int expected)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(expected);
	if (pid < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	if (waitpid(pid, &status, 0) != pid)
		return bench_fail(state, "waitpid: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		return bench_fail(state, "the child ended with wait status %#x", (unsigned)status);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int error = fork_and_wait(state, (int)(data->children_right & STATUS_MASK));
		if (error != 0)
			return error;
		data->children_right++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->children_right;
}

static const struct bench lat_fork_exit = {
	.name = "lat_fork_exit",
	.summary = "fork a child that exits at once, and wait for it",
	.doc = "Times fork(), _exit() in the child and waitpid() in the parent, of a small statically\n"
	       "linked process. Parent and child share the placement: with same-cpu both use one\n"
	       "CPU, with free the child may start on another. Page faults per operation, reported\n"
	       "beside the figure, are those of both. Work proof: each child ends with the status it\n"
	       "was told, which differs from its predecessor's, and each is reaped.\n"
	       "Idea: lmbench paper, process creation costs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_fork_exit);
