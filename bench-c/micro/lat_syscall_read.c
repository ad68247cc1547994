// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: read() of one byte from /dev/zero.
 * Why: the short way of a system call with a descriptor: entry, looking up the open file, its
 * driver, and one byte into user memory. No page cache, no lock, no wait.
 * Source: the simple system calls of the lmbench programs; read(2), zero(4).
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int setup(struct bench_state *state)
{
	struct bench_calls *calls = bench_data(state);

	calls->fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (calls->fd < 0)
		return bench_skip(state, "needs a readable /dev/zero: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_calls *calls = bench_data(state);
	const int fd = calls->fd;
	char byte = 1;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_read, fd, &byte, 1) != 1)
			return bench_fail(state, "read of /dev/zero: %s", strerror(errno));
		answered++;
	}
	if (iterations > 0 && byte != 0)
		return bench_fail(state, "read said that it read a byte, and did not");
	calls->answered += answered;
	return BENCH_OK;
}

static const struct bench lat_syscall_read = {
	.name = "lat_syscall_read",
	.summary = "read one byte from /dev/zero",
	.doc = "Times syscall(SYS_read) of one byte from /dev/zero: kernel entry, the open file behind the\n"
	       "descriptor, the permission checks of vfs_read(), the driver's read, clearing one byte of\n"
	       "user memory. What it takes longer than lat_syscall_getppid is the way through the virtual\n"
	       "file system without any file. Work proof: each call answers 1, and the byte is zero after\n"
	       "them and was not before. Idea: the simple read of the lmbench programs, which is the same\n"
	       "operation.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct bench_calls),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_syscall_read);
