// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: locking a pthread mutex, adding 1 to a number, unlocking it; by several threads at once.
 * Why: what a short critical section costs alone, and what is left of it when threads want it
 * at once: they sleep and are woken by futexes, so the kernel and its scheduler decide.
 * Source: pthread_mutex_lock(3); will-it-scale and perf bench time contended locks in this way.
 */
#include "bench_contenders.h"

#include <pthread.h>

struct shared {
	struct bench_contenders contenders;
	_Alignas(BENCH_CACHE_LINE) pthread_mutex_t mutex;
	uint64_t count; /* guarded by mutex */
};

static void lock_and_count(struct bench_contenders *contenders, unsigned number,
			   uint64_t iterations)
{
	struct shared *shared = (struct shared *)contenders;

	(void)number;
	for (uint64_t i = 0; i < iterations; i++) {
		int error = pthread_mutex_lock(&shared->mutex);
		shared->count += error == 0;
		bench_barrier();
		(void)pthread_mutex_unlock(&shared->mutex);
	}
}

static int setup(struct bench_state *state)
{
	struct shared *shared =
		bench_contenders_start(state, sizeof(struct shared), lock_and_count);

	if (shared == NULL)
		return BENCH_ERROR;
	if (pthread_mutex_init(&shared->mutex, NULL) != 0)
		return bench_fail(state, "cannot make a mutex");
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct shared *shared = bench_contenders_shared(state);

	return shared->count;
}

static const struct bench lat_mutex = {
	.name = "lat_mutex",
	.summary = "lock a mutex, add 1, unlock, by several threads at once",
	.doc = "Times pthread_mutex_lock(), the addition of 1 to a number beside the mutex, and\n"
	       "pthread_mutex_unlock(). With several threads each does as many, from a common start to\n"
	       "the end of the last; the figure is the time per section, whoever's it is, so perfect\n"
	       "exclusion without cost would leave it the same for any number of threads. A mutex of\n"
	       "the usual kind, which is not fair: one thread may take it many times in a row. With\n"
	       "one thread no system call is made. Use placement=cross-cpu or free for threads; on one\n"
	       "CPU they seldom meet. Work proof: the number, which only the mutex guards, must be the\n"
	       "sum of all sections.\n"
	       "Idea: pthread_mutex_lock(3); several suites time contended locks so.",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.tasks_parameter = "threads",
	.parameters = bench_contenders_parameters,
	.data_size = sizeof(struct bench_contenders *),
	.setup = setup,
	.prepare = bench_contenders_prepare,
	.run = bench_contenders_run,
	.work = work,
	.teardown = bench_contenders_teardown,
};
BENCH_REGISTER(lat_mutex);
