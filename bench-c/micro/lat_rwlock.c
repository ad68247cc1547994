// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: taking a pthread read-write lock for reading (by the first threads for writing),
 * looking at what it guards, and releasing it; by several threads at once.
 * Why: readers exclude nobody, but each must count itself in: the lock word is contended all
 * the same, and this says whether a read-write lock is worth it for short sections.
 * Source: pthread_rwlock_rdlock(3); the question that will-it-scale asks of the kernel's own.
 */
#include "bench_contenders.h"

#include <pthread.h>

struct shared {
	struct bench_contenders contenders;
	unsigned writers;
	_Alignas(BENCH_CACHE_LINE) pthread_rwlock_t lock;
	uint64_t count; /* guarded by lock */
	uint64_t copy;	/* the same, unless the lock lets a writer in beside others */
	struct bench_own_count right[BENCH_CONTENDERS_MAX];
};

static uint64_t read_often(struct shared *shared, uint64_t iterations)
{
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int error = pthread_rwlock_rdlock(&shared->lock);
		right += error == 0 && shared->count == shared->copy;
		(void)pthread_rwlock_unlock(&shared->lock);
	}
	return right;
}

static uint64_t write_often(struct shared *shared, uint64_t iterations)
{
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int error = pthread_rwlock_wrlock(&shared->lock);
		right += error == 0 && shared->count == shared->copy;
		shared->count++;
		bench_barrier();
		shared->copy++;
		(void)pthread_rwlock_unlock(&shared->lock);
	}
	return right;
}

static void use_lock(struct bench_contenders *contenders, unsigned number, uint64_t iterations)
{
	struct shared *shared = (struct shared *)contenders;

	shared->right[number].value += number < shared->writers ? write_often(shared, iterations)
								: read_often(shared, iterations);
}

static int make_lock(struct bench_state *state, struct shared *shared)
{
	shared->writers = (unsigned)bench_value(state, "writers");
	if (shared->writers > shared->contenders.others + 1)
		return bench_skip(state, "more writers than threads");
	if (pthread_rwlock_init(&shared->lock, NULL) != 0)
		return bench_fail(state, "cannot make a read-write lock");
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct shared *shared = bench_contenders_start(state, sizeof(struct shared), use_lock);

	return shared == NULL ? BENCH_ERROR : make_lock(state, shared);
}

static uint64_t work(struct bench_state *state)
{
	const struct shared *shared = bench_contenders_shared(state);
	uint64_t right = 0;

	for (unsigned i = 0; i <= shared->contenders.others; i++)
		right += shared->right[i].value;
	return right;
}

static const struct bench_parameter parameters[] = {
	{.name = "threads",
	 .about = "at once, with the one that times",
	 .value = 1,
	 .min = 1,
	 .max = BENCH_CONTENDERS_MAX},
	{.name = "writers",
	 .about = "of the threads, those that write; the others read",
	 .value = 0,
	 .min = 0,
	 .max = BENCH_CONTENDERS_MAX},
	{0},
};

static const struct bench lat_rwlock = {
	.name = "lat_rwlock",
	.summary = "take a read-write lock and release it, by several threads at once",
	.doc = "Times pthread_rwlock_rdlock(), a comparison of two words that the lock guards, and\n"
	       "pthread_rwlock_unlock(); the first `writers` threads use pthread_rwlock_wrlock() and add\n"
	       "1 to both words. With several threads each does as many, from a common start to the end\n"
	       "of the last; the figure is the time per section, whoever's it is. A lock of the usual\n"
	       "kind, which prefers readers: writers may starve, and then the last of them decides the\n"
	       "end. With readers alone no system call is made, and what it costs is the travel of the\n"
	       "lock word. Use placement=cross-cpu or free for threads. Work proof: each thread counts\n"
	       "the sections in which both words were equal.\n"
	       "Idea: pthread_rwlock_rdlock(3).",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.tasks_parameter = "threads",
	.parameters = parameters,
	.data_size = sizeof(struct bench_contenders *),
	.setup = setup,
	.prepare = bench_contenders_prepare,
	.run = bench_contenders_run,
	.work = work,
	.teardown = bench_contenders_teardown,
};
BENCH_REGISTER(lat_rwlock);
