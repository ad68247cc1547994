// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: getppid(), from user mode into the kernel and back.
 * Why: getppid() always enters the kernel and does small, bounded work there, so it is the
 * cost of entry and exit: what mitigations, tracing and entry code change. The raw system call
 * is used because a libc may answer from a cache, as glibc once did for getpid().
 * Source: lmbench paper (USENIX 1996), operating system entry; getppid(2), syscall(2).
 */
#include "bench_entry.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef uint64_t loop_fn(long parent, uint64_t iterations);

struct data {
	struct bench_calls calls;
	long parent;
	loop_fn *loop;
};

static const char *const entries[] = {"libc", "instruction", NULL};

static uint64_t loop_libc(long parent, uint64_t iterations)
{
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_getppid) == parent;
	return right;
}

static uint64_t loop_instruction(long parent, uint64_t iterations)
{
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += bench_enter(SYS_getppid) == parent;
	return right;
}

/* Learnt from proc(5), field 4, so that the system call is checked against another source. */
static int setup(struct bench_state *state)
{
	static loop_fn *const loops[] = {loop_libc, loop_instruction};
	struct data *data = bench_data(state);
	FILE *stat = fopen("/proc/self/stat", "re");

	if (stat == NULL)
		return bench_fail(state, "cannot read /proc/self/stat");
	int got = fscanf(stat, "%*d (%*[^)]) %*c %ld", &data->parent);
	(void)fclose(stat);
	if (got != 1)
		return bench_fail(state, "no parent in /proc/self/stat");
	data->loop = loops[bench_value(state, "entry")];
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	uint64_t right = data->loop(data->parent, iterations);
	data->calls.answered += right;
	return right == iterations ? BENCH_OK : bench_fail(state, "getppid gave another parent");
}

static const struct bench_parameter parameters[] = {
	{.name = "entry", .about = "what the loop enters the kernel with", .words = entries}, {0}};

static const struct bench lat_syscall_getppid = {
	.name = "lat_syscall_getppid",
	.summary = "enter the kernel and come back",
	.doc = "Times getppid(). It always enters the kernel (no libc cache, no vDSO) and does small, bounded\n"
	       "work there, so the figure is the cost of system call entry and exit. With entry=libc the call\n"
	       "is the libc's syscall(), which moves the arguments and looks for an error; with\n"
	       "entry=instruction the loop holds the instruction itself (SYSCALL, SVC): the difference is the\n"
	       "libc's part of every other lat_syscall benchmark. Work proof: each answer is compared with\n"
	       "the parent that /proc/self/stat names.\n"
	       "Idea: lmbench paper, operating system entry; its programs' null call is the same operation.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_getppid);
