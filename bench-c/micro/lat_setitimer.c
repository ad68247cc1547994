// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: setitimer() of a timer that runs.
 * Why: the older way to set a timeout or a profile: one timer for each process, under the lock
 * of its signals; those of CPU time make the tick look at the process.
 * Source: setitimer(2); programs that call alarm() around each operation.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

enum { REAL, VIRTUAL, PROF, KINDS, FAR_AWAY_S = 1000 };
static const char *const kinds[] = {"real", "virtual", "prof", NULL};

struct data {
	uint64_t right_answers;
	__itimer_which_t which;
};

static int setup(struct bench_state *state)
{
	static const __itimer_which_t ids[KINDS] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	const struct itimerval far = {.it_value.tv_sec = FAR_AWAY_S};
	struct data *data = bench_data(state);

	data->which = ids[bench_value(state, "kind")];
	if (setitimer(data->which, &far, NULL) == 0)
		return BENCH_OK;
	if (errno == ENOSYS)
		return bench_skip(state, "no setitimer: needs CONFIG_POSIX_TIMERS");
	return bench_fail(state, "setitimer: %s", strerror(errno));
}

/* The old setting, which the call returns, shows that the timer was running. */
static int run(struct bench_state *state, uint64_t iterations)
{
	const struct itimerval far = {.it_value.tv_sec = FAR_AWAY_S};
	struct data *data = bench_data(state);
	__itimer_which_t which = data->which;
	uint64_t right_answers = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		struct itimerval old;
		right_answers +=
			setitimer(which, &far, &old) == 0 && old.it_value.tv_sec > FAR_AWAY_S / 2;
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
	const struct itimerval off = {0};
	const struct data *data = bench_data(state);

	(void)setitimer(data->which, &off, NULL);
}

static const struct bench_parameter parameters[] = {
	{.name = "kind",
	 .about = "what the timer follows: time, or CPU time of the process",
	 .value = REAL,
	 .words = kinds},
	{0},
};

static const struct bench lat_setitimer = {
	.name = "lat_setitimer",
	.summary = "set a process's interval timer anew before it expires",
	.doc = "Times setitimer() of the process's timer, which runs and is a long way from\n"
	       "expiring, to a time as far away: a system call, the old setting copied out, and in\n"
	       "the kernel for kind=real a high-resolution timer cancelled and queued again under the\n"
	       "lock of the process's signals; for virtual and prof the CPU time of the process read\n"
	       "and a limit set that the tick compares. No signal is sent: that is lat_timer with\n"
	       "kind=itimer. Work proof: each call must return 0 and an old setting that was still\n"
	       "running.\n"
	       "Idea: setitimer(2); what alarm() around each operation costs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_setitimer);
