// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: syscall(SYS_getppid), from user mode into the kernel and back.
 * Why: getppid() always enters the kernel and does small, bounded work there, so it is the
 * cost of entry and exit: what mitigations, tracing and entry code change. The raw system call
 * is used because a libc may answer from a cache, as glibc once did for getpid().
 * Source: lmbench paper (USENIX 1996), operating system entry; getppid(2), syscall(2).
 */
#include "bench.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	long parent;
	uint64_t right_answers;
};

/* Learnt from proc(5), field 4, so that the system call is checked against another source. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	FILE *stat = fopen("/proc/self/stat", "re");

	if (stat == NULL)
		return bench_fail(state, "cannot read /proc/self/stat");
	int got = fscanf(stat, "%*d (%*[^)]) %*c %ld", &data->parent);
	(void)fclose(stat);
	if (got != 1)
		return bench_fail(state, "no parent in /proc/self/stat");
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	long parent = data->parent;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right_answers += syscall(SYS_getppid) == parent;
	data->right_answers += right_answers;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_answers;
}

static const struct bench lat_syscall_getppid = {
	.name = "lat_syscall_getppid",
	.summary = "enter the kernel and come back",
	.doc = "Times syscall(SYS_getppid). It always enters the kernel (no libc cache, no vDSO) and\n"
	       "does small, bounded work there, so the figure is the cost of system call entry and\n"
	       "exit. Work proof: each answer is compared with the parent that /proc/self/stat names.\n"
	       "Idea: lmbench paper, operating system entry.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_syscall_getppid);
