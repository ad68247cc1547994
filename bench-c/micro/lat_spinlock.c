// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: taking a pthread spin lock, adding 1 to a number, releasing it; by several threads at
 * once.
 * Why: the cost of handing a lock from core to core without the kernel: the floor of what its
 * own spin locks can do on this machine. Nothing but the hardware, until a holder is preempted.
 * Source: pthread_spin_lock(3); will-it-scale and perf bench time contended locks in this way.
 */
#include "bench_contenders.h"

#include <pthread.h>

struct shared {
	struct bench_contenders contenders;
	_Alignas(BENCH_CACHE_LINE) pthread_spinlock_t lock;
	uint64_t count; /* guarded by lock */
};

static void lock_and_count(struct bench_contenders *contenders, unsigned number,
			   uint64_t iterations)
{
	struct shared *shared = (struct shared *)contenders;

	(void)number;
	for (uint64_t i = 0; i < iterations; i++) {
		int error = pthread_spin_lock(&shared->lock);
		shared->count += error == 0;
		bench_barrier();
		(void)pthread_spin_unlock(&shared->lock);
	}
}

static int setup(struct bench_state *state)
{
	struct shared *shared =
		bench_contenders_start(state, sizeof(struct shared), lock_and_count);

	if (shared == NULL)
		return BENCH_ERROR;
	if (pthread_spin_init(&shared->lock, PTHREAD_PROCESS_PRIVATE) != 0)
		return bench_fail(state, "cannot make a spin lock");
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct shared *shared = bench_contenders_shared(state);

	return shared->count;
}

static const struct bench lat_spinlock = {
	.name = "lat_spinlock",
	.summary = "take a spin lock, add 1, release, by several threads at once",
	.doc = "Times pthread_spin_lock(), the addition of 1 to a number in the same cache line, and\n"
	       "pthread_spin_unlock(). With several threads each does as many, from a common start to\n"
	       "the end of the last; the figure is the time per section, whoever's it is. No system\n"
	       "call is made: it is the travel of a cache line between cores, and where CPUs are\n"
	       "virtual or fewer than threads, also the time in which a holder does not run while\n"
	       "others spin for it. The lock is not fair. Use placement=cross-cpu for threads; on one\n"
	       "CPU a thread that meets the lock taken spins to the end of its time slice. Work proof:\n"
	       "the number, which only the lock guards, must be the sum of all sections.\n"
	       "Idea: pthread_spin_lock(3).",
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
BENCH_REGISTER(lat_spinlock);
