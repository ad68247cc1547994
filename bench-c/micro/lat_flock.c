// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: flock() on a file that nobody else has locked, and its release.
 * Why: the other kind of file lock: of an open file, not of a process, and whole. Mail and
 * package programs take it for each step.
 * Source: flock(2); libMicro and others time locks of files so.
 */
#include "bench_entry.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

static int setup(struct bench_state *state)
{
	struct bench_calls *calls = bench_data(state);

	int error = bench_memory_file(state, &calls->fd);
	if (error != 0)
		return error;
	if (flock(calls->fd, LOCK_EX | LOCK_NB) == 0 && flock(calls->fd, LOCK_UN) == 0)
		return BENCH_OK;
	if (errno == ENOSYS)
		return bench_skip(state, "no flock: needs CONFIG_FILE_LOCKING");
	return bench_fail(state, "flock: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_calls *calls = bench_data(state);
	int fd = calls->fd;
	uint64_t pairs = 0;

	for (uint64_t i = 0; i < iterations; i++)
		pairs += flock(fd, LOCK_EX | LOCK_NB) == 0 && flock(fd, LOCK_UN) == 0;
	calls->answered += pairs;
	return pairs == iterations ? BENCH_OK : bench_fail(state, "flock: %s", strerror(errno));
}

static const struct bench lat_flock = {
	.name = "lat_flock",
	.summary = "take and release a flock that nobody else wants",
	.doc = "Times a pair of flock() calls on a memory file: an exclusive lock, not waited for,\n"
	       "and its release. Nobody else has the file open, so the figure is two system calls\n"
	       "and the kernel's list of locks, with an allocation and a release of an entry; it is\n"
	       "per pair. Beside lat_fcntl_lock_alone: there the owner is the process and ranges\n"
	       "must be compared, here the owner is the open file and the lock is whole. A memory\n"
	       "file, so that VFS code alone answers, as on any local file system. Work proof: both\n"
	       "calls of each pair must return 0. Idea: flock(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct bench_calls),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_flock);
