// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: setting a timerfd anew before it expires.
 * Why: timeouts are set far more often than they expire: each is taken out of the CPU's tree
 * of timers and put in again.
 * Source: timerfd_create(2); the neighbour of lmbench's usleep latency, which is expiry.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { MONOTONIC, REALTIME, BOOTTIME, CLOCKS, FAR_AWAY_S = 1000 };
static const char *const clocks[] = {"monotonic", "realtime", "boottime", NULL};

struct data {
	uint64_t right_answers;
	int fd;
};

static int setup(struct bench_state *state)
{
	static const clockid_t ids[CLOCKS] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME};
	const struct itimerspec far = {.it_value.tv_sec = FAR_AWAY_S};
	struct data *data = bench_data(state);

	data->fd = timerfd_create(ids[bench_value(state, "clock")], TFD_CLOEXEC);
	if (data->fd < 0)
		return errno == ENOSYS ? bench_skip(state, "no timerfd: needs CONFIG_TIMERFD")
				       : bench_fail(state, "timerfd_create: %s", strerror(errno));
	return timerfd_settime(data->fd, 0, &far, NULL) == 0
		       ? BENCH_OK
		       : bench_fail(state, "timerfd_settime: %s", strerror(errno));
}

/* The old setting, which the call returns, shows that the timer was running. */
static int run(struct bench_state *state, uint64_t iterations)
{
	const struct itimerspec far = {.it_value.tv_sec = FAR_AWAY_S};
	struct data *data = bench_data(state);
	int fd = data->fd;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		struct itimerspec old;
		right_answers += timerfd_settime(fd, 0, &far, &old) == 0 &&
				 old.it_value.tv_sec > FAR_AWAY_S / 2;
	}
	data->right_answers += right_answers;
	return right_answers == iterations
		       ? BENCH_OK
		       : bench_fail(state, "the timer was not running: %s", strerror(errno));
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_answers;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->fd > 0)
		(void)close(data->fd);
}

static const struct bench_parameter parameters[] = {
	{.name = "clock", .about = "that the timer follows", .value = MONOTONIC, .words = clocks},
	{0},
};

static const struct bench lat_timer_arm = {
	.name = "lat_timer_arm",
	.summary = "set a timerfd anew before it expires",
	.doc = "Times timerfd_settime() of a timer that runs and is a long way from expiring, to a\n"
	       "time as far away: a system call, the old time copied out, and in the kernel a\n"
	       "high-resolution timer cancelled, and queued again on this CPU. It is never the\n"
	       "first to expire, so the timer hardware is not touched. Nobody waits and nothing\n"
	       "expires: that is lat_timer. Realtime timers look at changes of the clock besides.\n"
	       "Work proof: each call must return 0 and an old setting that was still running.\n"
	       "Idea: timerfd_create(2), beside lmbench's usleep latency.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_timer_arm);
