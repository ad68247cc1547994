// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: syscall(SYS_gettid), from user mode into the kernel and back.
 * Why: it reads one field of the calling task: less than getppid(), which follows a pointer under
 * RCU, and more than an unknown number, which never reaches the system call table.
 * Source: operating system entry of the lmbench paper (USENIX 1996); gettid(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINK_SIZE = 64 };

struct data {
	struct bench_calls calls;
	long self;
};

/* Learnt from proc(5): PID/task/TID, so that the call is checked against another source. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	char target[LINK_SIZE] = "";

	if (readlink("/proc/thread-self", target, sizeof(target) - 1) <= 0)
		return bench_skip(state, "needs /proc/thread-self: %s", strerror(errno));
	const char *last = strrchr(target, '/');
	data->self = last == NULL ? 0 : strtol(last + 1, NULL, 10);
	return data->self > 0 ? BENCH_OK : bench_fail(state, "no task in %s", target);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const long self = data->self;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++)
		answered += syscall(SYS_gettid) == self;
	data->calls.answered += answered;
	return answered == iterations ? BENCH_OK : bench_fail(state, "gettid gave another task");
}

static const struct bench lat_syscall_gettid = {
	.name = "lat_syscall_gettid",
	.summary = "ask for one field of the own task",
	.doc = "Times syscall(SYS_gettid). It always enters the kernel and reads the number of the calling\n"
	       "task in its PID namespace: about the least that a real system call does. Beside\n"
	       "lat_syscall_enosys it shows the price of the jump through the system call table, and beside\n"
	       "lat_syscall_getppid the price of following a pointer under RCU. Work proof: each answer is\n"
	       "the task that /proc/thread-self names.\n"
	       "Idea: operating system entry of the lmbench paper.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_gettid);
