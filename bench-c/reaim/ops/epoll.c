// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set of 64 descriptors of which some are ready each time, as a server sees it.
 * Source: epoll(7), eventfd(2).
 */
#include "reaim_op.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The stride has no factor with the number of descriptors: READY different ones each round. */
enum { DESCRIPTORS = 64, READY = 8, STRIDE = 7, ROUNDS = 250 };

struct data {
	int set;
	unsigned int opened;
	int descriptors[DESCRIPTORS];
};

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	data->set = epoll_create1(EPOLL_CLOEXEC);
	if (data->set < 0)
		return reaim_fail(job, "epoll_create1: %m");
	for (unsigned int i = 0; i < DESCRIPTORS; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0)
			return reaim_fail(job, "eventfd %u of %d: %m", i + 1, DESCRIPTORS);
		data->descriptors[data->opened++] = fd;
		if (epoll_ctl(data->set, EPOLL_CTL_ADD, fd, &event) != 0)
			return reaim_fail(job, "epoll_ctl: %m");
	}
	return REAIM_OK;
}

static void teardown(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	for (unsigned int i = 0; i < data->opened; i++)
		(void)close(data->descriptors[i]);
	if (data->set >= 0)
		(void)close(data->set);
}

static int make_ready(struct reaim_job *job, const struct data *data, unsigned int first,
		      uint64_t value, uint64_t *ready)
{
	*ready = 0;
	for (unsigned int i = 0; i < READY; i++) {
		unsigned int chosen = (first + i * STRIDE) % DESCRIPTORS;
		if (write(data->descriptors[chosen], &value, sizeof(value)) != sizeof(value))
			return reaim_fail(job, "write to an eventfd: %m");
		*ready |= UINT64_C(1) << chosen;
	}
	return REAIM_OK;
}

static int collect(struct reaim_job *job, const struct data *data, uint64_t value, uint64_t ready)
{
	struct epoll_event events[DESCRIPTORS];
	int count = epoll_wait(data->set, events, DESCRIPTORS, -1);
	uint64_t seen = 0;
	uint64_t got;

	if (count < 0)
		return reaim_fail(job, "epoll_wait: %m");
	for (int i = 0; i < count; i++) {
		unsigned int index = events[i].data.u32;
		if (read(data->descriptors[index], &got, sizeof(got)) != sizeof(got))
			return reaim_fail(job, "read from an eventfd: %m");
		if (got != value)
			return reaim_fail(job, "an eventfd gave a value nobody wrote");
		seen |= UINT64_C(1) << index;
	}
	if (seen != ready || count != READY)
		return reaim_fail(job, "epoll_wait gave %d descriptors, not the %d ready ones",
				  count, READY);
	reaim_did(job, READY);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (uint64_t round = 1; round <= ROUNDS && error == REAIM_OK; round++) {
		uint64_t ready = 0;
		unsigned int first = (unsigned int)reaim_random_below(job, DESCRIPTORS);
		error = make_ready(job, data, first, round, &ready);
		if (error == REAIM_OK)
			error = collect(job, data, round, ready);
	}
	return error;
}

static const struct reaim_op epoll = {
	.name = "epoll",
	.unit = "Events of epoll",
	.doc = "Makes 8 of 64 descriptors ready, waits for them with epoll and empties them, 250 times. "
	       "The set that epoll gives must be the set made ready, with the values written.",
	.operations = READY * ROUNDS,
	.work_per_job = READY * ROUNDS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(epoll);
