// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: how long after the time asked for a sleep or a timer ends.
 * Why: what periodic work and timeouts get: the timer's interrupt, the wake-up and the way
 * back to the program, and the slack that the kernel adds to save interrupts.
 * Source: lmbench's usleep latency (which reports the whole sleep); cyclictest; time(7).
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_US = 100, SLACK_NS = 50000, US_PER_S = 1000000, NS_PER_US = 1000 };
enum { NANOSLEEP, TIMERFD, POLL, ITIMER, USLEEP, SELECT, PSELECT, KINDS };
static const char *const kinds[] = {"nanosleep", "timerfd", "poll",    "itimer",
				    "usleep",	 "select",  "pselect", NULL};

struct data {
	bool (*wait)(const struct data *data);
	struct timespec delay;
	struct timeval delay_tv;
	useconds_t delay_us;
	double delay_ns;
	int timerfd;
	sigset_t alarm;
	uint64_t expired;
};

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static bool wait_nanosleep(const struct data *data)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &data->delay, NULL) == 0;
}

static bool wait_timerfd(const struct data *data)
{
	const struct itimerspec once = {.it_value = data->delay};
	uint64_t expirations = 0;

	return timerfd_settime(data->timerfd, 0, &once, NULL) == 0 &&
	       read(data->timerfd, &expirations, sizeof(expirations)) == sizeof(expirations) &&
	       expirations == 1;
}

static bool wait_poll(const struct data *data)
{
	return ppoll(NULL, 0, &data->delay, NULL) == 0;
}

static bool wait_itimer(const struct data *data)
{
	const struct itimerval once = {.it_value = data->delay_tv};

	return setitimer(ITIMER_REAL, &once, NULL) == 0 &&
	       sigwaitinfo(&data->alarm, NULL) == SIGALRM;
}

static bool wait_usleep(const struct data *data)
{
	return usleep(data->delay_us) == 0;
}

static bool wait_select(const struct data *data)
{
	struct timeval left = data->delay_tv;

	return select(0, NULL, NULL, NULL, &left) == 0;
}

static bool wait_pselect(const struct data *data)
{
	return pselect(0, NULL, NULL, NULL, &data->delay, NULL) == 0;
}

static int setup(struct bench_state *state)
{
	static bool (*const waits[KINDS])(const struct data *data) = {
		[NANOSLEEP] = wait_nanosleep, [TIMERFD] = wait_timerfd, [POLL] = wait_poll,
		[ITIMER] = wait_itimer,	      [USLEEP] = wait_usleep,	[SELECT] = wait_select,
		[PSELECT] = wait_pselect,
	};
	struct data *data = bench_data(state);
	int64_t delay_us = bench_value(state, "delay_us");
	int64_t kind = bench_value(state, "kind");

	data->wait = waits[kind];
	data->delay_us = (useconds_t)delay_us;
	data->delay_ns = (double)delay_us * NS_PER_US;
	data->delay_tv = (struct timeval){delay_us / US_PER_S, delay_us % US_PER_S};
	data->delay = (struct timespec){delay_us / US_PER_S, delay_us % US_PER_S * NS_PER_US};
	if (prctl(PR_SET_TIMERSLACK, (unsigned long)bench_value(state, "timer_slack_ns"), 0, 0,
		  0) != 0)
		return bench_fail(state, "cannot set the timer slack: %s", strerror(errno));
	if (kind == TIMERFD) {
		data->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (data->timerfd < 0)
			return errno == ENOSYS
				       ? bench_skip(state, "no timerfd: needs CONFIG_TIMERFD")
				       : bench_fail(state, "timerfd_create: %s", strerror(errno));
	}
	(void)sigemptyset(&data->alarm);
	(void)sigaddset(&data->alarm, SIGALRM);
	if (kind == ITIMER && sigprocmask(SIG_BLOCK, &data->alarm, NULL) != 0)
		return bench_fail(state, "sigprocmask: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	double late_ns = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		double begin_ns = now_ns();
		if (!data->wait(data))
			return bench_fail(state, "%s: %s", kinds[bench_value(state, "kind")],
					  strerror(errno));
		double slept_ns = now_ns() - begin_ns;
		if (slept_ns < data->delay_ns)
			return bench_fail(state, "over after %.0f ns, %.0f ns were asked for",
					  slept_ns, data->delay_ns);
		late_ns += slept_ns - data->delay_ns;
		data->expired++;
	}
	bench_took_ns(state, late_ns);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->expired;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->timerfd > 0)
		(void)close(data->timerfd);
}

static const struct bench_parameter parameters[] = {
	{.name = "kind", .about = "what waits", .value = NANOSLEEP, .words = kinds},
	{.name = "delay_us",
	 .about = "asked for each time",
	 .value = DELAY_US,
	 .min = 1,
	 .max = US_PER_S},
	{.name = "timer_slack_ns",
	 .about = "how late the kernel may be on purpose (PR_SET_TIMERSLACK)",
	 .value = SLACK_NS,
	 .min = 1,
	 .max = 1000000000},
	{0},
};

static const struct bench lat_timer = {
	.name = "lat_timer",
	.summary = "how late a sleep or a timer ends",
	.doc = "Times one sleep of delay_us by the monotonic clock, from before the call that asks for\n"
	       "it until the program runs again, and subtracts what was asked for: the figure is how\n"
	       "late it was, with the cost of the call. kind=poll is ppoll(), timerfd is set and\n"
	       "then read, itimer is ITIMER_REAL with SIGALRM awaited by sigwaitinfo(). The timer\n"
	       "slack is the kernel's usual 50 us unless told otherwise, because that is what a\n"
	       "program gets; it delays nanosleep, usleep, poll, select and pselect, not timerfd and\n"
	       "itimer. With timer_slack_ns=1 the wake-up alone is left, deep idle states of the CPU\n"
	       "included. Each sample is one sleep, so the samples are the distribution. Work proof:\n"
	       "no sleep may end early, and no timer may have expired twice.\n"
	       "Idea: lmbench's usleep latency, which reports the whole sleep; cyclictest.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.iterations_max = 1,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_timer);
