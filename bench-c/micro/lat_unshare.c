// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: unshare() of one namespace, in a child of its own for each.
 * Why: what containers and sandboxes are made of. A network namespace is hundreds of times
 * dearer than a host name, and each kernel release may make it dearer.
 * Source: unshare(2), namespaces(7).
 */
#include "bench_process.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { ITERATIONS_MAX = 64 };

/* `file` in /proc/self/ns tells one namespace from another by its inode. */
struct kind {
	int flag;
	const char *file;
};

static const char *const names[] = {"user", "mount",  "pid",  "net", "ipc",
				    "uts",  "cgroup", "time", NULL};
static const struct kind kinds[] = {
	{CLONE_NEWUSER, "/proc/self/ns/user"},
	{CLONE_NEWNS, "/proc/self/ns/mnt"},
	{CLONE_NEWPID, "/proc/self/ns/pid_for_children"},
	{CLONE_NEWNET, "/proc/self/ns/net"},
	{CLONE_NEWIPC, "/proc/self/ns/ipc"},
	{CLONE_NEWUTS, "/proc/self/ns/uts"},
	{CLONE_NEWCGROUP, "/proc/self/ns/cgroup"},
	{CLONE_NEWTIME, "/proc/self/ns/time_for_children"},
};

/* Written by a child, read when it has ended. */
struct answer {
	uint64_t took_ns; /* of all children */
	uint64_t changed; /* children that are in another namespace now */
	int error;
};

struct data {
	struct kind kind;
	bool as_user; /* in a new user namespace, which gives the right to the others */
	struct answer *answer;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* pid_for_children has no target before the first child there, and that is another one too. */
static uint64_t inode_of(const char *file)
{
	struct stat status;

	return stat(file, &status) == 0 ? status.st_ino : 0;
}

/* The child's part. Only the call is between the two looks at the clock. */
static int unshare_once(const struct data *data)
{
	struct answer *answer = data->answer;

	if (data->as_user && syscall(SYS_unshare, CLONE_NEWUSER) != 0) {
		answer->error = errno;
		return BENCH_ERROR;
	}
	uint64_t inode = inode_of(data->kind.file);
	uint64_t begin_ns = now_ns();
	long failed = syscall(SYS_unshare, data->kind.flag);
	uint64_t end_ns = now_ns();
	if (failed != 0) {
		answer->error = errno;
		return BENCH_ERROR;
	}
	answer->took_ns += end_ns - begin_ns;
	answer->changed += inode_of(data->kind.file) != inode;
	return BENCH_OK;
}

static int in_child(struct bench_state *state, const struct data *data)
{
	data->answer->error = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare_once(data));
	if (pid < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	if (bench_await(state, pid, BENCH_OK) == 0)
		return BENCH_OK;
	return BENCH_ERROR;
}

/* Whether it is permitted: as we are, or with the help of a user namespace. A child that fails
 * here is no error yet, so its status is not asked for. */
static int try_once(struct bench_state *state, const struct data *data)
{
	data->answer->error = 0;
	pid_t pid = fork();
	if (pid == 0) {
		(void)unshare_once(data);
		_exit(0);
	}
	if (pid < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	return bench_await(state, pid, 0);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int64_t which = bench_value(state, "namespace");

	data->kind = kinds[which];
	data->answer = bench_shared(state, sizeof(*data->answer));
	if (data->answer == NULL)
		return BENCH_ERROR;
	if (inode_of(data->kind.file) == 0)
		return bench_skip(state, "needs a kernel with %s namespaces and /proc: no %s",
				  names[which], data->kind.file);
	int error = try_once(state, data);
	if (error == 0 && data->answer->error == EPERM && data->kind.flag != CLONE_NEWUSER) {
		data->as_user = true;
		error = try_once(state, data);
	}
	if (error != 0)
		return error;
	if (data->answer->error != 0)
		return bench_skip(state,
				  "needs a kernel with %s namespaces, and root or leave to "
				  "make user namespaces (unshare: %s)",
				  names[which], strerror(data->answer->error));
	*data->answer = (struct answer){.took_ns = 0};
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	data->answer->took_ns = 0;
	for (uint64_t i = 0; i < iterations; i++)
		if (in_child(state, data) != 0)
			return bench_fail(state, "unshare: %s", strerror(data->answer->error));
	bench_took_ns(state, (double)data->answer->took_ns);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->answer->changed;
}

static const struct bench_parameter parameters[] = {
	{.name = "namespace", .about = "which, see namespaces(7)", .words = names},
	{0},
};

static const struct bench lat_unshare = {
	.name = "lat_unshare",
	.summary = "move the own process into a new namespace",
	.doc = "Times unshare() with one CLONE_NEW... flag, in a new child for each operation, since a\n"
	       "process can do that once only for some of them. The child looks at the clock before\n"
	       "and after the call, so its own making and end are not in the figure, nor is the end of\n"
	       "the namespace, which a work queue sees to later. The clock's cost is in it once. As an\n"
	       "ordinary user the child first makes a user namespace, not timed, which permits the\n"
	       "others. Network namespaces wait for those that are being taken down, so the figure is\n"
	       "the median; that of mount namespaces depends on how many file systems are mounted,\n"
	       "of which it copies each. Work proof: a child counts when the inode of its file in\n"
	       "/proc/self/ns is another one than before.\n"
	       "Idea: unshare(2); stress tests call it, no peer times it.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 20,
	.iterations_max = ITERATIONS_MAX,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_unshare);
