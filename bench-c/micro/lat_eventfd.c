// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a signal to another process through an eventfd, and one back through a second.
 * Why: the cheapest wake-up that is a descriptor: what a pipe costs without its buffers.
 * Source: eventfd(2); the shape of lmbench paper (USENIX 1996), interprocess communication
 * latencies, which is older than eventfd.
 */
#include "bench_turns.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct data {
	struct bench_turns *turns;
	int there;
	int back;
};

static bool signal_fd(int fd)
{
	const uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

static bool await_fd(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) && value == 1;
}

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);

	while (await_fd(data->there)) {
		if (bench_turns_stopped(data->turns))
			return BENCH_OK;
		bench_turns_count(data->turns);
		if (!signal_fd(data->back))
			break;
	}
	return bench_fail(state, "eventfd: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->there = eventfd(0, EFD_CLOEXEC);
	data->back = eventfd(0, EFD_CLOEXEC);
	if ((data->there < 0 || data->back < 0) && errno == ENOSYS)
		return bench_skip(state, "no eventfd: needs CONFIG_EVENTFD");
	if (data->there < 0 || data->back < 0)
		return bench_fail(state, "eventfd: %s", strerror(errno));
	data->turns = bench_shared(state, sizeof(*data->turns));
	return data->turns == NULL ? BENCH_ERROR : bench_spawn(state, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++)
		if (!signal_fd(data->there) || !await_fd(data->back))
			return bench_fail(state, "eventfd: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(data->turns);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->turns != NULL) {
		bench_turns_stop(data->turns);
		(void)signal_fd(data->there);
	}
	if (data->there > 0)
		(void)close(data->there);
	if (data->back > 0)
		(void)close(data->back);
}

static const struct bench lat_eventfd = {
	.name = "lat_eventfd",
	.summary = "round trip of a signal through two eventfds between two processes",
	.doc = "Times write() of 1 to an eventfd and read() of 1 from another, while a second\n"
	       "process does the opposite: two system calls, a wake-up and a context switch in each\n"
	       "direction. It is lat_pipe without pages to fill and empty, so their difference is\n"
	       "the cost of a pipe's buffers. Work proof: each value read must be 1 (two signals\n"
	       "that met would be 2), the other process counts its answers, and on one CPU the\n"
	       "kernel must have counted two context switches a round trip.\n"
	       "Idea: eventfd(2), in the shape of the lmbench paper's latencies.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_eventfd);
