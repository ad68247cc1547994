// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: changing what an epoll instance watches: adding a descriptor and removing it, or
 * changing its events.
 * Why: what epoll pays for cheap waiting: servers of short connections add and remove for each,
 * and it searches a tree of all that are registered.
 * Source: epoll_ctl(2).
 */
#include "bench_descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { DESCRIPTORS = 100, DESCRIPTORS_MAX = 100000 };
enum { ADD_DEL, MODIFY };
static const char *const changes[] = {"add_del", "modify", NULL};

struct data {
	struct bench_descriptors descriptors;
	int changed; /* the descriptor */
	bool (*change)(int epoll, int fd);
};

static bool add_and_delete(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 &&
	       epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0;
}

static bool modify(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLPRI};

	return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_descriptors *descriptors = &data->descriptors;
	bool deletes = bench_value(state, "change") == ADD_DEL;

	int error = bench_descriptors_watch(state, descriptors);
	if (error != 0)
		return error;
	data->change = deletes ? add_and_delete : modify;
	data->changed = descriptors->fds[descriptors->count / 2];
	if (deletes && epoll_ctl(descriptors->epoll, EPOLL_CTL_DEL, data->changed, NULL) != 0)
		return bench_fail(state, "epoll_ctl: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	bool (*change)(int epoll, int fd) = data->change;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right_answers += change(data->descriptors.epoll, data->changed);
	data->descriptors.right_answers += right_answers;
	return right_answers == iterations ? BENCH_OK
					   : bench_fail(state, "epoll_ctl: %s", strerror(errno));
}

static const struct bench_parameter parameters[] = {
	{.name = "descriptors",
	 .about = "registered, with the one that is changed",
	 .value = DESCRIPTORS,
	 .min = 1,
	 .max = DESCRIPTORS_MAX},
	{.name = "change",
	 .about = "what is done: add and remove, or change the events",
	 .value = ADD_DEL,
	 .words = changes},
	{0},
};

static const struct bench lat_epoll_ctl = {
	.name = "lat_epoll_ctl",
	.summary = "add a descriptor to an epoll instance and remove it",
	.doc = "Times EPOLL_CTL_ADD and EPOLL_CTL_DEL of one eventfd, with change=modify one\n"
	       "EPOLL_CTL_MOD, on an epoll instance where others are registered: a search in a tree,\n"
	       "for add an allocation and an entry in the descriptor's wait queue, for remove their\n"
	       "release, which in part comes after a grace period. One operation is the pair of\n"
	       "calls, or the one. No descriptor is ready. The figure grows with the logarithm of\n"
	       "descriptors. Work proof: each call must return 0, and adding twice or removing what\n"
	       "is not there would be an error.\n"
	       "Idea: epoll_ctl(2).",
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
BENCH_REGISTER(lat_epoll_ctl);
