// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: dup() of a descriptor and close() or close_range() of the copy.
 * Why: the descriptor table: finding the lowest free number, putting the file there, and taking
 * it out, without the making of an open file that open() has.
 * Source: dup(2), close_range(2); the system calls of the libMicro programs.
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int loop_fn(struct bench_state *state, int fd, uint64_t iterations, uint64_t *answered);

struct data {
	struct bench_calls calls;
	loop_fn *loop;
};

static const char *const closings[] = {"close", "close_range", NULL};

#define DUP_LOOP(name, closing, ...)                                                               \
	static int name(struct bench_state *state, int fd, uint64_t iterations,                    \
			uint64_t *answered)                                                        \
	{                                                                                          \
		for (uint64_t i = 0; i < iterations; i++) {                                        \
			long copy = syscall(SYS_dup, fd);                                          \
			if (copy < 0)                                                              \
				return bench_fail(state, "dup: %s", strerror(errno));              \
			if (syscall(__VA_ARGS__) != 0)                                             \
				return bench_fail(state, closing ": %s", strerror(errno));         \
			++*answered;                                                               \
		}                                                                                  \
		return BENCH_OK;                                                                   \
	}
DUP_LOOP(loop_close, "close", SYS_close, copy)
DUP_LOOP(loop_close_range, "close_range", SYS_close_range, copy, copy, 0)

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	bool range = bench_value(state, "closing") == 1;

	data->loop = range ? loop_close_range : loop_close;
	data->calls.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (data->calls.fd < 0)
		return bench_skip(state, "needs /dev/null: %s", strerror(errno));
	if (range && syscall(SYS_close_range, ~0u, ~0u, 0) != 0)
		return bench_skip(state, "needs close_range, of Linux 5.9: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return data->loop(state, data->calls.fd, iterations, &data->calls.answered);
}

static const struct bench_parameter parameters[] = {
	{.name = "closing", .about = "how the copy is closed", .words = closings}, {0}};

static const struct bench lat_syscall_dup = {
	.name = "lat_syscall_dup",
	.summary = "duplicate a descriptor and close it",
	.doc = "Times syscall(SYS_dup) of /dev/null and the closing of the copy, as one operation:\n"
	       "closing=close by syscall(SYS_close), closing=close_range by syscall(SYS_close_range) of that\n"
	       "one number. It is the descriptor table: the lowest free number from a bit map, a reference to\n"
	       "the open file, and back; no struct file is made or freed, the last reference stays.\n"
	       "What lat_syscall_open takes longer is the file. Copies that are threads share the table and\n"
	       "its lock. Work proof: each dup() gives a descriptor and each closing succeeds; left open, the\n"
	       "descriptors would soon run out. Idea: libMicro's dup and close.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_syscall_dup);
