// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: epoll_wait() that finds one ready descriptor among many.
 * Why: how the heart of an event loop scales: unlike select() and poll(), it should not depend
 * on the number of descriptors that are watched but not ready.
 * Source: epoll(7); the question of lmbench's select latency, asked of its successor.
 */
#include "bench_descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { DESCRIPTORS = 100, DESCRIPTORS_MAX = 100000 };

struct data {
	struct bench_descriptors descriptors;
	uint64_t ready; /* what epoll says of the one */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_descriptors *descriptors = &data->descriptors;
	const uint64_t one = 1;

	int error = bench_descriptors_watch(state, descriptors);
	if (error != 0)
		return error;
	data->ready = descriptors->count / 2;
	if (write(descriptors->fds[data->ready], &one, sizeof(one)) != sizeof(one))
		return bench_fail(state, "eventfd: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct epoll_event events[2] = {0};
	int epoll = data->descriptors.epoll;
	uint64_t ready = data->ready;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right_answers +=
			epoll_wait(epoll, events, 2, 0) == 1 && events[0].data.u64 == ready;
	data->descriptors.right_answers += right_answers;
	return right_answers == iterations
		       ? BENCH_OK
		       : bench_fail(state, "epoll_wait did not find the one descriptor: %s",
				    strerror(errno));
}

static const struct bench_parameter parameters[] = {
	{.name = "descriptors",
	 .about = "registered, of which one is ready",
	 .value = DESCRIPTORS,
	 .min = 1,
	 .max = DESCRIPTORS_MAX},
	{0},
};

static const struct bench lat_epoll_wait = {
	.name = "lat_epoll_wait",
	.summary = "epoll_wait for the one ready descriptor of many",
	.doc = "Times epoll_wait() with a timeout of 0 on a number of registered eventfds, of which\n"
	       "one in the middle stays readable: a system call, one check of the ready descriptor\n"
	       "and one event copied out. It is level-triggered, so each call checks the descriptor\n"
	       "and puts it back on the list of the ready ones. The figure should not grow with the\n"
	       "number of descriptors, as those of lat_select and lat_poll do. Nobody sleeps and\n"
	       "nobody is woken. Work proof: each call must return one event, that of the right\n"
	       "descriptor.\n"
	       "Idea: epoll(7), after the question that lmbench's select latency asks.",
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
BENCH_REGISTER(lat_epoll_wait);
