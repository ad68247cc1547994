// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fcntl(F_GETFL) of an open file.
 * Why: the least that a system call with a descriptor can do: look up the open file and return
 * one of its fields. Nothing is copied to or from the user.
 * Source: fcntl(2); the system calls of the libMicro programs.
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	struct bench_calls calls;
	long flags;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->calls.fd = open("/dev/null", O_RDWR | O_APPEND | O_CLOEXEC);
	if (data->calls.fd < 0)
		return bench_skip(state, "needs /dev/null: %s", strerror(errno));
	data->flags = fcntl(data->calls.fd, F_GETFL);
	if ((data->flags & (O_ACCMODE | O_APPEND)) != (O_RDWR | O_APPEND))
		return bench_fail(state, "fcntl: the flags are %#lx", (unsigned long)data->flags);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const int fd = data->calls.fd;
	const long flags = data->flags;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_fcntl, fd, F_GETFL) != flags)
			return bench_fail(state, "fcntl: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static const struct bench lat_syscall_fcntl_getfl = {
	.name = "lat_syscall_fcntl_getfl",
	.summary = "ask for the flags of an open file",
	.doc = "Times syscall(SYS_fcntl, fd, F_GETFL) of /dev/null: kernel entry, the open file behind the\n"
	       "descriptor, the say of a security module where one is loaded, and a field of it returned.\n"
	       "Between lat_syscall_gettid and lat_syscall_read it shows what a descriptor costs: the lookup\n"
	       "in the table and, if the table is shared with threads, a reference taken and dropped.\n"
	       "Work proof: each answer is the flags that the file was opened with. Idea: libMicro's fcntl.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_syscall_fcntl_getfl);
