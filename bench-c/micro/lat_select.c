// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: select() of many descriptors that can all be written to, without waiting.
 * Why: the cost of asking the kernel again about each descriptor, which is what epoll was made
 * to avoid; it grows with their number and shows what a check of a file or a socket costs.
 * Source: lmbench's select latency; select(2).
 */
#include "bench_descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/select.h>

enum { DESCRIPTORS = 100, DESCRIPTORS_MAX = 1000 };

struct data {
	struct bench_descriptors descriptors;
	fd_set watched;
	int highest;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_descriptors *descriptors = &data->descriptors;

	int error = bench_descriptors_open(state, descriptors,
					   (enum bench_descriptor_kind)bench_value(state, "of"));
	if (error != 0)
		return error;
	FD_ZERO(&data->watched);
	for (size_t i = 0; i < descriptors->count; i++) {
		int fd = descriptors->fds[i];
		if (fd >= FD_SETSIZE)
			return bench_skip(state, "descriptor %d does not fit into a set of %d", fd,
					  FD_SETSIZE);
		FD_SET(fd, &data->watched);
		if (fd > data->highest)
			data->highest = fd;
	}
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int expected = (int)data->descriptors.count;
	int limit = data->highest + 1;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		struct timeval at_once = {0}; /* the system call may change it */
		fd_set ready = data->watched;
		right_answers += select(limit, NULL, &ready, NULL, &at_once) == expected;
	}
	data->descriptors.right_answers += right_answers;
	return right_answers == iterations
		       ? BENCH_OK
		       : bench_fail(state, "select did not find %d descriptors ready: %s", expected,
				    strerror(errno));
}

static const struct bench_parameter parameters[] = {
	{.name = "descriptors",
	 .about = "watched by each call",
	 .value = DESCRIPTORS,
	 .min = 1,
	 .max = DESCRIPTORS_MAX},
	{.name = "of",
	 .about = "what they are of: a file, or a TCP connection",
	 .value = BENCH_FILES,
	 .words = bench_descriptor_kinds},
	{0},
};

static const struct bench lat_select = {
	.name = "lat_select",
	.summary = "select of many descriptors, all ready",
	.doc = "Times select() of a number of descriptors for writing, all of them ready, with a\n"
	       "timeout of 0, and the copy of the set that the call overwrites (128 bytes). The\n"
	       "descriptors are duplicates of one, open for reading on an empty file (of=file, for\n"
	       "which the kernel has no check at all) or of an idle TCP connection on loopback\n"
	       "(of=tcp, whose check looks at the socket). So the figure is a system call and as\n"
	       "many look-ups and checks, with warm caches; separate sockets would cost more. Work\n"
	       "proof: each call must say that all descriptors are ready.\n"
	       "Idea: lmbench's select latency, whose operation is the same.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_descriptors_work,
	.teardown = bench_descriptors_teardown,
};
BENCH_REGISTER(lat_select);
