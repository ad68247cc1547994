// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: clone3() without libc, a child that ends at once, and the wait for it.
 * Why: the kernel's part of fork() alone, and what its newer forms cost: a descriptor for the
 * child (CLONE_PIDFD), or a child that is born in another cgroup (CLONE_INTO_CGROUP).
 * Source: clone(2), pidfd_open(2), cgroups(7).
 */
#include "bench_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { STATUS_MASK = 0x7f };
enum kind { PLAIN, PIDFD, CGROUP };

struct data {
	enum kind kind;
	struct clone_args arguments;
	int pidfd;
	int cgroup_fd;
	struct bench_cgroup cgroup;
	uint64_t children_right;
};

/* What fork() does in the kernel and nothing of what libc does around it. */
static pid_t start_child(struct clone_args *arguments, int status)
{
	pid_t pid = (pid_t)syscall(SYS_clone3, arguments, sizeof(*arguments));

	if (pid == 0)
		(void)syscall(SYS_exit_group, status);
	return pid;
}

static int await_pidfd(struct bench_state *state, int pidfd, int status)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) != 0)
		return bench_fail(state, "waitid: %s", strerror(errno));
	if (close(pidfd) != 0)
		return bench_fail(state, "close: %s", strerror(errno));
	if (info.si_code != CLD_EXITED || info.si_status != status)
		return bench_fail(state, "the child ended with %d, not with exit status %d",
				  info.si_status, status);
	return BENCH_OK;
}

static int open_cgroup(struct bench_state *state, struct data *data)
{
	struct bench_cgroup name = {.path = ""};

	int error = bench_cgroup_name(state, &name, "-clone3");
	if (error == 0)
		error = bench_cgroup_make(state, &name);
	if (error != 0)
		return error;
	data->cgroup = name;
	data->cgroup_fd = open(name.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data->cgroup_fd < 0)
		return bench_fail(state, "open %s: %s", name.path, strerror(errno));
	data->arguments.flags = CLONE_INTO_CGROUP;
	data->arguments.cgroup = (unsigned)data->cgroup_fd;
	return BENCH_OK;
}

/* Whether the kernel has it, before it is timed. */
static int try_once(struct bench_state *state, struct data *data)
{
	pid_t pid = start_child(&data->arguments, 0);

	if (pid > 0 && data->kind == PIDFD)
		return await_pidfd(state, data->pidfd, 0);
	if (pid > 0)
		return bench_await(state, pid, 0);
	if (errno == ENOSYS || errno == EINVAL || errno == E2BIG || errno == EPERM)
		return bench_skip(
			state,
			"needs clone3() of this kind (Linux 5.3, 5.7 for cgroups) and no filter against it: %s",
			strerror(errno));
	if (data->kind == CGROUP)
		return bench_skip(state, "needs a cgroup that it may be born in (clone3: %s)",
				  strerror(errno));
	return bench_fail(state, "clone3: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error = BENCH_OK;

	data->cgroup_fd = -1;
	data->kind = (enum kind)bench_value(state, "kind");
	data->arguments.exit_signal = SIGCHLD;
	if (data->kind == PIDFD) {
		data->arguments.flags = CLONE_PIDFD;
		data->arguments.pidfd = (uintptr_t)&data->pidfd;
	}
	if (data->kind == CGROUP)
		error = open_cgroup(state, data);
	return error != 0 ? error : try_once(state, data);
}

static int run_pid(struct bench_state *state, struct data *data, uint64_t iterations)
{
	for (uint64_t i = 0; i < iterations; i++) {
		int status = (int)(data->children_right & STATUS_MASK);
		pid_t pid = start_child(&data->arguments, status);
		if (pid < 0)
			return bench_fail(state, "clone3: %s", strerror(errno));
		int error = bench_await(state, pid, status);
		if (error != 0)
			return error;
		data->children_right++;
	}
	return BENCH_OK;
}

static int run_pidfd(struct bench_state *state, struct data *data, uint64_t iterations)
{
	for (uint64_t i = 0; i < iterations; i++) {
		int status = (int)(data->children_right & STATUS_MASK);
		if (start_child(&data->arguments, status) < 0)
			return bench_fail(state, "clone3: %s", strerror(errno));
		int error = await_pidfd(state, data->pidfd, status);
		if (error != 0)
			return error;
		data->children_right++;
	}
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return data->kind == PIDFD ? run_pidfd(state, data, iterations)
				   : run_pid(state, data, iterations);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->children_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->cgroup_fd >= 0)
		(void)close(data->cgroup_fd);
	bench_cgroup_remove(&data->cgroup);
}

static const char *const kinds[] = {"plain", "pidfd", "cgroup", NULL};

static const struct bench_parameter parameters[] = {
	{.name = "kind",
	 .about = "plain: as fork(); pidfd: and a descriptor; cgroup: born in another cgroup",
	 .words = kinds},
	{0},
};

static const struct bench lat_clone3 = {
	.name = "lat_clone3",
	.summary = "clone3 a process that exits at once, and wait for it",
	.doc = "Times syscall(SYS_clone3) of a process with a copied address space, exit_group() in\n"
	       "the child and the wait for it. kind=plain is what the kernel does for fork(), so\n"
	       "lat_fork_exit minus this is what the libc adds (locks, handlers, lists); pidfd asks\n"
	       "for a descriptor of the child (CLONE_PIDFD), waits through it with waitid() and\n"
	       "closes it; cgroup lets the child be born in an empty cgroup beside the parent's\n"
	       "(CLONE_INTO_CGROUP), the cheap way to move it, see lat_cgroup_move. Work proof: each\n"
	       "child ends with the status it was told, which differs from its predecessor's, and on\n"
	       "one CPU the kernel must have switched to it and back.\n"
	       "Idea: clone(2); peers have fork() only.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_clone3);
