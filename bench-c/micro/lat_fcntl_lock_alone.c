// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: locking a byte of a file and unlocking it, when nobody else wants it.
 * Why: the usual case of record locks: what they cost programs such as databases that lock by
 * habit. lat_fcntl_lock is the other question, a lock that somebody waits for.
 * Source: fcntl(2); the neighbour of lmbench's record lock latency.
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int setup(struct bench_state *state)
{
	struct bench_calls *calls = bench_data(state);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	int error = bench_memory_file(state, &calls->fd);
	if (error != 0)
		return error;
	if (fcntl(calls->fd, F_SETLK, &lock) == 0)
		return BENCH_OK;
	if (errno == ENOSYS || errno == EINVAL)
		return bench_skip(state, "no record locks: needs CONFIG_FILE_LOCKING");
	return bench_fail(state, "fcntl: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_calls *calls = bench_data(state);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = calls->fd;
	uint64_t pairs = 0;

	for (uint64_t i = 0; i < iterations; i++)
		pairs += fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_SETLK, &unlock) == 0;
	calls->answered += pairs;
	return pairs == iterations ? BENCH_OK : bench_fail(state, "fcntl: %s", strerror(errno));
}

static const struct bench lat_fcntl_lock_alone = {
	.name = "lat_fcntl_lock_alone",
	.summary = "take and release a record lock that nobody else wants",
	.doc = "Times a pair of fcntl(F_SETLK) calls: a write lock on one byte of a memory file, and\n"
	       "its release. No other process has the file open, so nobody waits and nobody is\n"
	       "woken: the figure is two system calls and the kernel's list of locks, with an\n"
	       "allocation and a release of an entry. It is per pair. A memory file, so that VFS\n"
	       "code alone answers, as on any local file system. Work proof: both calls of each pair\n"
	       "must return 0, and the first would not be granted twice to two owners.\n"
	       "Idea: fcntl(2), beside lmbench's record lock latency, which is lat_fcntl_lock.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct bench_calls),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_fcntl_lock_alone);
