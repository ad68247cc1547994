// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_contenders.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct bench_parameter bench_contenders_parameters[] = {
	{.name = "threads",
	 .about = "at once, with the one that times",
	 .value = 1,
	 .min = 1,
	 .max = BENCH_CONTENDERS_MAX},
	{0},
};

void *bench_contenders_shared(struct bench_state *state)
{
	struct bench_contenders *const *first = bench_data(state);

	return *first;
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* They may have to share a CPU, so none spins without letting others run. */
static void wait_until(const uint32_t *word, uint32_t value)
{
	while (load(word) != value)
		(void)sched_yield();
}

static void begin_round(struct bench_contenders *contenders)
{
	(void)__atomic_add_fetch(&contenders->round, 1, __ATOMIC_RELEASE);
	(void)syscall(SYS_futex, &contenders->round, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static int contend(struct bench_state *state, unsigned index)
{
	struct bench_contenders *contenders = bench_contenders_shared(state);
	uint32_t round = 0;

	for (;;) {
		while (load(&contenders->round) == round)
			(void)syscall(SYS_futex, &contenders->round, FUTEX_WAIT_PRIVATE, round,
				      NULL, NULL, 0);
		if (load(&contenders->stop) != 0)
			return BENCH_OK;
		round++;
		(void)__atomic_add_fetch(&contenders->waiting, 1, __ATOMIC_RELEASE);
		wait_until(&contenders->opened, round);
		contenders->share(contenders, index + 1, contenders->iterations);
		(void)__atomic_add_fetch(&contenders->done, 1, __ATOMIC_RELEASE);
	}
}

/* A process of one thread would be spared atomic instructions by its libc. */
static int be_second(struct bench_state *state, unsigned index)
{
	struct bench_contenders *contenders = bench_contenders_shared(state);

	(void)index;
	while (load(&contenders->stop) == 0)
		(void)syscall(SYS_futex, &contenders->stop, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return BENCH_OK;
}

void *bench_contenders_start(struct bench_state *state, size_t size,
			     void (*share)(struct bench_contenders *contenders, unsigned number,
					   uint64_t iterations))
{
	struct bench_contenders **first = bench_data(state);
	unsigned threads = (unsigned)bench_value(state, "threads");

	struct bench_contenders *contenders = bench_shared(state, size);
	if (contenders == NULL)
		return NULL;
	contenders->share = share;
	*first = contenders;
	bench_set_operations_per_iteration(state, threads);
	if (threads == 1 && bench_thread(state, be_second) != 0)
		return NULL;
	for (; contenders->others + 1 < threads; contenders->others++)
		if (bench_thread(state, contend) != 0)
			return NULL;
	return contenders;
}

int bench_contenders_prepare(struct bench_state *state, uint64_t iterations)
{
	struct bench_contenders *contenders = bench_contenders_shared(state);

	contenders->iterations = iterations;
	contenders->waiting = 0;
	contenders->done = 0;
	begin_round(contenders);
	wait_until(&contenders->waiting, contenders->others);
	return BENCH_OK;
}

int bench_contenders_run(struct bench_state *state, uint64_t iterations)
{
	struct bench_contenders *contenders = bench_contenders_shared(state);

	__atomic_store_n(&contenders->opened, contenders->round, __ATOMIC_RELEASE);
	contenders->share(contenders, 0, iterations);
	wait_until(&contenders->done, contenders->others);
	return BENCH_OK;
}

void bench_contenders_teardown(struct bench_state *state)
{
	struct bench_contenders *contenders = bench_contenders_shared(state);

	if (contenders == NULL)
		return;
	__atomic_store_n(&contenders->stop, 1, __ATOMIC_RELEASE);
	begin_round(contenders);
	(void)syscall(SYS_futex, &contenders->stop, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
