// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: pidfd_open() of the own process, and close().
 * Why: what it costs to hold a process by a descriptor instead of its number, which supervisors
 * do for each of their children: a file and, since Linux 6.9, an inode of pidfs.
 * Source: pidfd_open(2).
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	long pid;
	uint64_t pairs;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->pid = getpid();
	long pidfd = syscall(SYS_pidfd_open, data->pid, 0);
	if (pidfd < 0 && (errno == ENOSYS || errno == EPERM))
		return bench_skip(state,
				  "needs pidfd_open() (Linux 5.3) and no filter against it: %s",
				  strerror(errno));
	if (pidfd < 0)
		return bench_fail(state, "pidfd_open: %s", strerror(errno));
	(void)close((int)pidfd);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	long pid = data->pid;

	for (uint64_t i = 0; i < iterations; i++) {
		long pidfd = syscall(SYS_pidfd_open, pid, 0);
		if (pidfd < 0)
			return bench_fail(state, "pidfd_open: %s", strerror(errno));
		if (syscall(SYS_close, pidfd) != 0)
			return bench_fail(state, "close: %s", strerror(errno));
		data->pairs++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->pairs;
}

static const struct bench lat_pidfd_open = {
	.name = "lat_pidfd_open",
	.summary = "open a descriptor of a process and close it",
	.doc = "Times syscall(SYS_pidfd_open) of the calling process and syscall(SYS_close) of the\n"
	       "descriptor: two system calls that find a process, make a file for it and take it\n"
	       "down again. The file was an anonymous inode until Linux 6.8 and is one of pidfs since,\n"
	       "with a dentry and an inode of its own, made for the first descriptor and gone with the\n"
	       "last, hence each time here. What polling or waiting costs is not in it, see\n"
	       "lat_clone3:kind=pidfd. Work proof: only pairs of which both calls succeeded count; a\n"
	       "descriptor that was not closed would soon be one too many.\n"
	       "Idea: pidfd_open(2); no peer has it.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_pidfd_open);
