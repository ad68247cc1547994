// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers on a descriptor. They are set to have begun some periods ago, so that they expire at
 * once and nobody sleeps; how often must then be what the clock says.
 * Source: timerfd_create(2).
 */
#include "reaim_op.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TIMERS = 250, PERIODS_MAX = 8 };

static const int64_t period_ns = 1000000;
static const int64_t second_ns = 1000000000;

struct data {
	int fd;
};

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	data->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (data->fd < 0)
		return reaim_fail(job, "timerfd_create: %m");
	return REAIM_OK;
}

static void teardown(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);

	if (data->fd >= 0)
		(void)close(data->fd);
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* never fails for this clock */
	return now.tv_sec * second_ns + now.tv_nsec;
}

static int expire(struct reaim_job *job, const struct data *data)
{
	int64_t periods = (int64_t)reaim_random_below(job, PERIODS_MAX);
	int64_t start_ns = now_ns() - periods * period_ns - period_ns / 2;
	struct itimerspec timer = {
		.it_value = {start_ns / second_ns, start_ns % second_ns},
		.it_interval = {0, period_ns},
	};
	uint64_t expirations = 0;
	ssize_t got;

	if (timerfd_settime(data->fd, TFD_TIMER_ABSTIME, &timer, NULL) != 0)
		return reaim_fail(job, "timerfd_settime: %m");
	do
		got = read(data->fd, &expirations, sizeof(expirations));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(expirations))
		return reaim_fail(job, "read from a timerfd: %m");
	uint64_t most = (uint64_t)((now_ns() - start_ns) / period_ns) + 1;
	if (expirations < (uint64_t)periods + 1 || expirations > most)
		return reaim_fail(job, "a timer expired %llu times, not %lld to %llu times",
				  (unsigned long long)expirations, (long long)periods + 1,
				  (unsigned long long)most);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	const struct itimerspec off = {0};
	int error = REAIM_OK;

	for (unsigned int i = 0; i < TIMERS && error == REAIM_OK; i++)
		error = expire(job, data);
	/* No timer may go off during the jobs that follow. */
	if (timerfd_settime(data->fd, 0, &off, NULL) != 0)
		error = reaim_fail(job, "timerfd_settime: %m");
	return error;
}

static const struct reaim_op timerfd = {
	.name = "timerfd",
	.unit = "Timers Expired",
	.doc = "Sets a periodic timerfd to have begun up to 7 ms ago and reads how often it has expired, "
	       "250 times. The number must lie between what the clock says before and after.",
	.operations = TIMERS,
	.work_per_job = TIMERS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(timerfd);
