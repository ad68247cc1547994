// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: vfork(), a child that ends at once with _exit(), and waitpid() for it.
 * Why: a new process without a copy of the address space. The difference to lat_fork_exit is
 * what that copy, its release and the page faults after it cost.
 * Source: vfork(2); lmbench paper (USENIX 1996), process creation costs, which has fork() only.
 */
#include "bench_process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MASK = 0x7f };

struct data {
	uint64_t children_right;
};

/* Out of line: the child uses this frame while the parent waits for it. */
__attribute__((noinline)) static pid_t start_child(int status)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): it is measured */

	if (pid == 0)
		_exit(status);
	return pid;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int status = (int)(data->children_right & STATUS_MASK);
		pid_t pid = start_child(status);
		if (pid < 0)
			return bench_fail(state, "vfork: %s", strerror(errno));
		int error = bench_await(state, pid, status);
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

static const struct bench lat_vfork_exit = {
	.name = "lat_vfork_exit",
	.summary = "vfork a child that exits at once, and wait for it",
	.doc = "Times vfork(), _exit() in the child and waitpid() in the parent. The child borrows the\n"
	       "parent's address space and the parent sleeps until it has ended, so no page table is\n"
	       "copied or freed and no page is written anew: what is left is the making, scheduling,\n"
	       "end and reaping of a task. lat_fork_exit minus this is the price of the address\n"
	       "space. Work proof: each child ends with the status it was told, which differs from\n"
	       "its predecessor's, and on one CPU the kernel must have switched to it and back.\n"
	       "Idea: vfork(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_vfork_exit);
