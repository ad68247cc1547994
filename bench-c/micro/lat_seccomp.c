// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: syscall(SYS_getppid) in a process with a seccomp filter.
 * Why: nearly every container, browser and service runs behind such a filter, so its way into
 * the kernel is theirs. Minus lat_syscall_getppid: the slow entry path, and the filter.
 * Source: seccomp(2); the kernel's own seccomp benchmark in its selftests, for the question.
 */
#include "bench.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	INSTRUCTIONS = 64,
	INSTRUCTIONS_MIN = 2,
	INSTRUCTIONS_MAX = BPF_MAXINSNS - 1,
	RETURNS = 2, /* the last comparison's jump, never taken, needs a target too */
};

struct data {
	long parent;
	uint64_t right_answers;
};

/* One load, comparisons that never hold, and the permission: as many as asked for are run.
 * No system call has this number, and nobody passes this argument to the ones used here. */
static void write_filter(struct sock_filter *filter, size_t executed, bool constant)
{
	const uint32_t unlikely = 0x7ead0000;
	uint32_t load = constant ? (uint32_t)offsetof(struct seccomp_data, nr)
				 : (uint32_t)offsetof(struct seccomp_data, args[5]);
	size_t used = 0;

	filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, load);
	for (; used < executed - 1; used++)
		filter[used] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    unlikely + (uint32_t)used, 1, 0);
	for (size_t i = 0; i < RETURNS; i++)
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

static int install(struct bench_state *state, struct sock_filter *filter, size_t count)
{
	struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return bench_fail(state, "prctl PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return BENCH_OK;
	if (errno == ENOSYS || errno == EINVAL || errno == EPERM)
		return bench_skip(
			state, "needs CONFIG_SECCOMP_FILTER and no filter against it (seccomp: %s)",
			strerror(errno));
	return bench_fail(state, "seccomp: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t executed = (size_t)bench_value(state, "instructions");
	struct sock_filter *filter = calloc(executed + RETURNS, sizeof(*filter));

	if (filter == NULL)
		return bench_fail(state, "no memory for a filter");
	data->parent = getppid();
	write_filter(filter, executed, bench_value(state, "decision") == 1);
	int error = install(state, filter, executed - 1 + RETURNS);
	free(filter);
	return error;
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

static const char *const decisions[] = {"run", "cached", NULL};

static const struct bench_parameter parameters[] = {
	{.name = "instructions",
	 .about = "of the filter, all of them run for each system call",
	 .value = INSTRUCTIONS,
	 .min = INSTRUCTIONS_MIN,
	 .max = INSTRUCTIONS_MAX},
	{.name = "decision",
	 .about = "cached: depends on the number only, so the kernel need not run the filter",
	 .words = decisions},
	{0},
};

static const struct bench lat_seccomp = {
	.name = "lat_seccomp",
	.summary = "enter the kernel through a seccomp filter and come back",
	.doc = "Times syscall(SYS_getppid) in a process with one seccomp filter that allows all. Of the\n"
	       "filter's instructions, a load, comparisons that never hold and the permission, every\n"
	       "one is run each time. With decision=run the filter looks at an argument, so the kernel\n"
	       "has to run it; with cached it looks at the number of the system call only, and since\n"
	       "Linux 5.11 the kernel finds out at installation that it always allows this one and\n"
	       "then only looks into a bitmap. Minus lat_syscall_getppid the figure is what the filter\n"
	       "costs, with the slower way through system call entry; with another number of\n"
	       "instructions the difference is what an instruction costs, compiled or interpreted. A\n"
	       "filter cannot be taken off, so the process must be its own. Work proof: each answer is\n"
	       "compared with the parent known before the filter was there.\n"
	       "Idea: the seccomp benchmark in the kernel's selftests.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_seccomp);
