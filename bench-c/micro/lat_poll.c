// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: poll() of many descriptors that can all be written to, without waiting.
 * Why: as lat_select, with a list instead of a set of bits: no limit of 1024, and as much to
 * copy in and out as there are descriptors.
 * Source: poll(2); the shape of lmbench's select latency.
 */
#include "bench_descriptors.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS = 100, DESCRIPTORS_MAX = 100000 };

struct data {
	struct bench_descriptors descriptors;
	struct pollfd *watched;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_descriptors *descriptors = &data->descriptors;

	int error = bench_descriptors_open(state, descriptors,
					   (enum bench_descriptor_kind)bench_value(state, "of"));
	if (error != 0)
		return error;
	data->watched = calloc(descriptors->count, sizeof(*data->watched));
	if (data->watched == NULL)
		return bench_fail(state, "no memory for a list of descriptors");
	for (size_t i = 0; i < descriptors->count; i++)
		data->watched[i] = (struct pollfd){.fd = descriptors->fds[i], .events = POLLOUT};
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t count = data->descriptors.count;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right_answers += poll(data->watched, count, 0) == (int)count;
	data->descriptors.right_answers += right_answers;
	return right_answers == iterations
		       ? BENCH_OK
		       : bench_fail(state, "poll did not find %zu descriptors ready: %s", count,
				    strerror(errno));
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	free(data->watched);
	bench_descriptors_teardown(state);
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

static const struct bench lat_poll = {
	.name = "lat_poll",
	.summary = "poll of many descriptors, all ready",
	.doc = "Times poll() of a number of descriptors for writing, all of them ready, with a\n"
	       "timeout of 0. They are duplicates of one descriptor, of an empty file (of=file, for\n"
	       "which the kernel has no check at all) or of an idle TCP connection on loopback\n"
	       "(of=tcp), so that the figures stand beside those of lat_select: there the kernel\n"
	       "copies bits, here 8 bytes in for each descriptor and 2 bytes out, and it allocates\n"
	       "memory for long lists. Caches are warm. Work proof: each call must say that all\n"
	       "descriptors are ready.\n"
	       "Idea: poll(2), in the shape of lmbench's select latency.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_descriptors_work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_poll);
