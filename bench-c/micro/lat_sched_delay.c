// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: how late a task runs after its timer, on a CPU that others keep busy.
 * Why: what a task that mostly sleeps feels of the load beside it. That the scheduler lets it
 * preempt the busy ones, or how long it makes it wait, is policy and changes between kernels.
 * Source: cyclictest and schbench, for the question; clock_nanosleep(2), sched(7).
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	BUSY_TASKS = 2,
	BUSY_TASKS_MAX = 64,
	SLEEP_US = 500,
	SLEEP_US_MIN = 20,
	SLEEP_US_MAX = 100000
};

struct shared {
	bool stop;
};

struct data {
	struct shared *shared;
	uint64_t sleep_ns;
	uint64_t in_time; /* wake-ups that came at or after their time */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int busy(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	while (!__atomic_load_n(&data->shared->stop, __ATOMIC_RELAXED))
		bench_barrier();
	return BENCH_OK;
}

/* Timer slack would let the kernel fire the timer up to 50 us late, which is not the question. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int64_t busy_tasks = bench_value(state, "busy_tasks");
	int error = BENCH_OK;

	data->sleep_ns = 1000 * (uint64_t)bench_value(state, "sleep_us");
	data->shared = bench_shared(state, sizeof(*data->shared));
	if (data->shared == NULL)
		return BENCH_ERROR;
	for (int64_t i = 0; error == 0 && i < busy_tasks; i++)
		error = bench_spawn(state, busy);
	if (error == 0 && prctl(PR_SET_TIMERSLACK, 1) != 0)
		error = bench_fail(state, "prctl PR_SET_TIMERSLACK: %s", strerror(errno));
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t late_ns = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t due_ns = now_ns() + data->sleep_ns;
		const struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000u),
					     .tv_nsec = (long)(due_ns % 1000000000u)};
		int error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		uint64_t awake_ns = now_ns();
		if (error != 0)
			return bench_fail(state, "clock_nanosleep: %s", strerror(error));
		if (awake_ns < due_ns)
			return bench_fail(state, "awake before its time");
		late_ns += awake_ns - due_ns;
		data->in_time++;
	}
	bench_took_ns(state, (double)late_ns);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->in_time;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->shared != NULL)
		__atomic_store_n(&data->shared->stop, true, __ATOMIC_RELAXED);
}

static const struct bench_parameter parameters[] = {
	{.name = "busy_tasks",
	 .about = "processes that compute on the same CPU all the time",
	 .value = BUSY_TASKS,
	 .max = BUSY_TASKS_MAX},
	{.name = "sleep_us",
	 .about = "until the timer; long enough that the task does sleep",
	 .value = SLEEP_US,
	 .min = SLEEP_US_MIN,
	 .max = SLEEP_US_MAX},
	{0},
};

static const struct bench lat_sched_delay = {
	.name = "lat_sched_delay",
	.summary = "how late a task runs after its timer on a busy CPU",
	.doc = "Times how long after the moment it asked for a process runs again: it sleeps for\n"
	       "sleep_us by clock_nanosleep() with an absolute time, without timer slack, and looks at\n"
	       "the clock as its first act, while busy_tasks processes of the same priority compute on\n"
	       "its CPU. The figure is the lateness: timer interrupt, wake-up, the scheduler's\n"
	       "decision to preempt at once or later, and the switch. With busy_tasks=0 the CPU idles\n"
	       "in between, and the way out of idle takes the place of the decision. Each sample is\n"
	       "one wake-up, so that the percentiles are those of wake-ups, and the figure is the\n"
	       "median: look at p99 for waits of whole time slices. Work proof: each wake-up came at\n"
	       "or after its time and is counted, and on one CPU the kernel must have counted a\n"
	       "switch for each.\n"
	       "Idea: cyclictest, which has real-time tasks and no load of its own, and schbench.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 30,
	.iterations_max = 1,
	.expectations = {{BENCH_SWITCHES, 0.95, 0}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_sched_delay);
