// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: from before the futex wake in one thread to after the futex wait in another.
 * Why: how soon a sleeping task runs once something has happened for it: choice of a CPU,
 * interrupt to it if it is idle, switch. Neither a round trip nor a mean can tell that.
 * Source: the wake-up latency of scheduler benchmarks such as schbench; futex(2).
 */
#include "bench.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ASLEEP_US = 50, ASLEEP_US_MAX = 100000, LINE_BYTES = 128 };

/* What both threads use, on lines of their own. Sleep on `call`; 0: asleep or about to be,
 * 1: over. `answers` counts the wake-ups. */
struct words {
	_Alignas(LINE_BYTES) uint32_t call;
	_Alignas(LINE_BYTES) uint32_t answers;
	uint64_t awake_ns; /* when the woken thread ran, by its own look at the clock */
};

struct data {
	struct words *words; /* on a page of its own */
	uint64_t asleep_ns;
	bool started;
	uint64_t wakeups;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static long futex(const uint32_t *word, int operation, uint32_t value)
{
	return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* The word does not change for a wake-up, so a wait that returns 0 has slept and was woken. */
static int sleeper(struct bench_state *state, unsigned index)
{
	const struct data *data = bench_data(state);
	struct words *words = data->words;

	(void)index;
	for (;;) {
		long woken = futex(&words->call, FUTEX_WAIT, 0);
		uint64_t awake_ns = now_ns();
		if (__atomic_load_n(&words->call, __ATOMIC_ACQUIRE) != 0)
			return BENCH_OK;
		if (woken != 0 && errno == EINTR)
			continue;
		if (woken != 0)
			return bench_fail(state, "futex wait: %s", strerror(errno));
		words->awake_ns = awake_ns;
		__atomic_fetch_add(&words->answers, 1, __ATOMIC_RELEASE);
		if (futex(&words->answers, FUTEX_WAKE, 1) < 0)
			return bench_fail(state, "futex wake: %s", strerror(errno));
	}
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->asleep_ns = 1000 * (uint64_t)bench_value(state, "asleep_us");
	data->words = bench_shared(state, sizeof(*data->words));
	if (data->words == NULL)
		return BENCH_ERROR;
	int error = bench_thread(state, sleeper);
	data->started = error == 0;
	return error;
}

/* Give the other thread the time to fall asleep and its CPU the time to become idle. On one
 * CPU it is asleep as soon as this thread runs again, or the wake-up finds nobody. */
static void wait_for_sleep(const struct data *data)
{
	uint64_t until_ns = now_ns() + data->asleep_ns;

	while (now_ns() < until_ns)
		bench_barrier();
}

/* A wake-up that found nobody asleep is not one, and is tried again. */
static int wake(struct bench_state *state, const struct data *data, uint64_t *begin_ns)
{
	long woken;

	wait_for_sleep(data);
	for (;;) {
		*begin_ns = now_ns();
		woken = futex(&data->words->call, FUTEX_WAKE, 1);
		if (woken != 0)
			break;
		(void)syscall(SYS_sched_yield);
	}
	return woken == 1 ? BENCH_OK : bench_fail(state, "futex wake: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const struct words *words = data->words;
	uint64_t total_ns = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t begin_ns = 0;
		uint32_t before = __atomic_load_n(&words->answers, __ATOMIC_ACQUIRE);
		int error = wake(state, data, &begin_ns);
		if (error != 0)
			return error;
		while (__atomic_load_n(&words->answers, __ATOMIC_ACQUIRE) == before)
			if (futex(&words->answers, FUTEX_WAIT, before) != 0 && errno != EAGAIN &&
			    errno != EINTR)
				return bench_fail(state, "futex wait: %s", strerror(errno));
		if (words->awake_ns < begin_ns)
			return bench_fail(state, "the clocks of two CPUs disagree");
		total_ns += words->awake_ns - begin_ns;
	}
	bench_took_ns(state, (double)total_ns);
	return BENCH_OK;
}

/* 32 bits turn over after many hours only, but the count may be asked for often. */
static uint64_t work(struct bench_state *state)
{
	struct data *data = bench_data(state);
	uint32_t answers = __atomic_load_n(&data->words->answers, __ATOMIC_ACQUIRE);

	data->wakeups += answers - (uint32_t)data->wakeups;
	return data->wakeups;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (!data->started)
		return;
	__atomic_store_n(&data->words->call, 1, __ATOMIC_RELEASE);
	(void)futex(&data->words->call, FUTEX_WAKE, 1);
}

static const struct bench_parameter parameters[] = {
	{.name = "asleep_us",
	 .about = "how long the thread has been asleep before it is woken",
	 .value = ASLEEP_US,
	 .min = 1,
	 .max = ASLEEP_US_MAX},
	{0},
};

static const struct bench lat_wakeup = {
	.name = "lat_wakeup",
	.summary = "from the wake-up of a sleeping thread to its running",
	.doc = "Times a wake-up one way: one thread looks at the clock and calls futex(FUTEX_WAKE); the\n"
	       "other, asleep in FUTEX_WAIT for asleep_us, looks at the clock as its first act. On\n"
	       "same-cpu that is wake-up, the choice to preempt or not, and the switch; on other\n"
	       "placements the interrupt to the other CPU and its way out of idle, which is longer\n"
	       "the longer it has idled: hence asleep_us. The thread that wakes spins meanwhile, so\n"
	       "its own CPU never idles. Each sample is one wake-up, so that the percentiles are\n"
	       "those of wake-ups, and the figure is the median. The clock's cost is in it once. Work\n"
	       "proof: only a wake-up that reports a woken thread counts, and the woken thread\n"
	       "counts them.\n"
	       "Idea: schbench's wake-up latency; unlike it, one thread and no load, so that it is\n"
	       "the kernel's part alone. See lat_sched_delay for a busy CPU.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 20,
	.tasks = 2,
	.iterations_max = 1,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_wakeup);
