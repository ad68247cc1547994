// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: one FUTEX_WAKE that wakes all threads that sleep on a word.
 * Why: the end of a barrier or a broadcast on a condition: how the cost of a wake-up grows
 * with the number of sleepers.
 * Source: futex(2); perf bench futex wake asks the same.
 *
 * The threads gather on one word and are moved to a second, where they are woken: so a thread that
 * comes back early is not among the sleepers. The kernel says how many wait there, but one that
 * waits may still be on its way to sleep, and a thread that is woken then gets its wake-up when it
 * sleeps again: wake-ups are allowed to come for nothing, the kernel then lets it look at the first
 * word again, and it would be missing on the second. Hence all are left alone for a while, and
 * counted once more, before they are woken.
 */
#include "bench.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WAITERS = 1, WAITERS_MAX = 255, SETTLE_NS = 50000 };

struct data {
	unsigned waiters;
	_Alignas(64) uint32_t gathering; /* the number of the gathering: a futex */
	_Alignas(64) uint32_t sleeping;	 /* a futex that never changes */
	uint32_t stop;
	_Alignas(64) uint64_t woken; /* by the kernel's count */
};

struct pointer {
	struct data *shared;
};

static struct data *data_of(struct bench_state *state)
{
	const struct pointer *pointer = bench_data(state);

	return pointer->shared;
}

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int sleep_again(struct bench_state *state, unsigned index)
{
	struct data *data = data_of(state);

	(void)index;
	while (__atomic_load_n(&data->stop, __ATOMIC_ACQUIRE) == 0)
		if (syscall(SYS_futex, &data->gathering, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) !=
			    0 &&
		    errno != EAGAIN && errno != EINTR)
			return bench_fail(state, "futex: %s", strerror(errno));
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct pointer *pointer = bench_data(state);

	pointer->shared = bench_shared(state, sizeof(*pointer->shared));
	if (pointer->shared == NULL)
		return BENCH_ERROR;
	struct data *data = pointer->shared;
	if (syscall(SYS_futex, &data->gathering, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) != 0)
		return errno == ENOSYS ? bench_skip(state, "no futexes: needs CONFIG_FUTEX")
				       : bench_fail(state, "futex: %s", strerror(errno));
	data->waiters = (unsigned)bench_value(state, "waiters");
	for (unsigned i = 0; i < data->waiters; i++) {
		int error = bench_thread(state, sleep_again);
		if (error != 0)
			return error;
	}
	return BENCH_OK;
}

/* How many wait on `from` and, if that is another word, have been moved to the second; -1. */
static long move(struct data *data, uint32_t *from)
{
	return syscall(SYS_futex, from, FUTEX_CMP_REQUEUE_PRIVATE, 0, (unsigned long)INT_MAX,
		       &data->sleeping, 0);
}

/* Until all waiters wait on the second word. */
static int gather(struct bench_state *state, struct data *data)
{
	for (;;) {
		if (move(data, &data->gathering) < 0)
			return bench_fail(state, "futex: %s", strerror(errno));
		long waiting = move(data, &data->sleeping); /* from itself to itself: a count */
		if (waiting < 0)
			return bench_fail(state, "futex: %s", strerror(errno));
		if (waiting == (long)data->waiters)
			return BENCH_OK;
		(void)sched_yield();
	}
}

/* Until they have fallen asleep, too, and none has come back. Yielding lets those on this CPU do
 * so, and does not let it become idle. */
static int await_sleep(struct bench_state *state, struct data *data)
{
	for (;;) {
		int error = gather(state, data);
		if (error != 0)
			return error;
		double until_ns = now_ns() + SETTLE_NS;
		while (now_ns() < until_ns)
			(void)sched_yield();
		if (move(data, &data->sleeping) == (long)data->waiters)
			return BENCH_OK;
	}
}

static int wake_all(struct bench_state *state, struct data *data, double *took_ns)
{
	int error = await_sleep(state, data);

	if (error != 0)
		return error;
	double begin_ns = now_ns();
	long woken =
		syscall(SYS_futex, &data->sleeping, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	*took_ns = now_ns() - begin_ns;
	if (woken != (long)data->waiters)
		return bench_fail(state, "%ld woken of %u", woken, data->waiters);
	data->woken += (uint64_t)woken;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = data_of(state);
	double total_ns = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		double took_ns = 0;
		int error = wake_all(state, data, &took_ns);
		if (error != 0)
			return error;
		total_ns += took_ns;
	}
	bench_took_ns(state, total_ns);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = data_of(state);

	return data->woken / data->waiters;
}

/* The word changes, so that a thread which has not yet gone to sleep does not. */
static void teardown(struct bench_state *state)
{
	struct data *data = data_of(state);

	if (data == NULL)
		return;
	__atomic_store_n(&data->stop, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&data->gathering, 1, __ATOMIC_RELEASE);
	(void)syscall(SYS_futex, &data->gathering, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	(void)syscall(SYS_futex, &data->sleeping, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static const struct bench_parameter parameters[] = {
	{.name = "waiters",
	 .about = "threads that sleep and are woken",
	 .value = WAITERS,
	 .min = 1,
	 .max = WAITERS_MAX},
	{0},
};

static const struct bench lat_futex_wake = {
	.name = "lat_futex_wake",
	.summary = "wake all threads that sleep on a futex",
	.doc = "Times one FUTEX_WAKE of a private futex on which `waiters` threads sleep, from call\n"
	       "to return: finding them, making each runnable and choosing a CPU for it. When they\n"
	       "run is not part of it, except that one which takes the waker's CPU at once delays\n"
	       "the return; with same-cpu that shows. Divide by waiters for the cost of each. Going\n"
	       "to sleep is not timed: before each wake-up the kernel's own count (FUTEX_CMP_REQUEUE)\n"
	       "must say that all wait on this word, and again 50 us later, when they have fallen\n"
	       "asleep. The clock is read around each call and is in the figure, as some 20 to 50 ns.\n"
	       "Work proof: the kernel must say of each call that it woke all.\n"
	       "Idea: futex(2); perf bench futex wake asks the same.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 20,
	.tasks = 1,
	.tasks_parameter = "waiters",
	.parameters = parameters,
	.data_size = sizeof(struct pointer),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_futex_wake);
