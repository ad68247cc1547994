// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: write() of one byte to /dev/null.
 * Why: the paper's own measure of kernel entry: through the system call table to write(), the
 * check of the user's memory, the open file behind the descriptor and a driver that does nothing.
 * Source: lmbench paper (USENIX 1996), operating system entry; write(2), null(4).
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

	calls->fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (calls->fd < 0)
		return bench_skip(state, "needs a writable /dev/null: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_calls *calls = bench_data(state);
	const int fd = calls->fd;
	const char byte = 1;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_write, fd, &byte, 1) != 1)
			return bench_fail(state, "write to /dev/null: %s", strerror(errno));
		answered++;
	}
	calls->answered += answered;
	return BENCH_OK;
}

static const struct bench lat_syscall_write = {
	.name = "lat_syscall_write",
	.summary = "write one byte to /dev/null",
	.doc = "Times syscall(SYS_write) of one byte to /dev/null: kernel entry, the open file behind the\n"
	       "descriptor, the permission checks of vfs_write(), and a driver that returns at once and does\n"
	       "not look at the byte. It is the paper's nontrivial system call: what every write costs before\n"
	       "any work for it is done. Work proof: each call answers 1.\n"
	       "Idea: lmbench paper, operating system entry, which is the same operation.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct bench_calls),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_syscall_write);
