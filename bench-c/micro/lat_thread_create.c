// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: pthread_create() of a thread that ends at once, and pthread_join().
 * Why: life and death of a thread, the other half of "process and kernel thread creation".
 * Beside lat_vfork_exit it tells what a process has that a thread has not: signal handlers,
 * descriptors, credentials of its own, an exit status that is reaped.
 * Source: a common course report on measuring operating systems, thread creation; pthreads(7).
 */
#include "bench.h"

#include <pthread.h>
#include <string.h>

struct data {
	uint64_t threads_right;
};

/* What comes back through join has been through the thread's own code. */
static void *body(void *argument)
{
	uint64_t *number = argument;

	++*number;
	return number;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t number = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		pthread_t thread;
		void *answer = NULL;
		int error = pthread_create(&thread, NULL, body, &number);
		if (error != 0)
			return bench_fail(state, "pthread_create: %s", strerror(error));
		error = pthread_join(thread, &answer);
		if (error != 0)
			return bench_fail(state, "pthread_join: %s", strerror(error));
		if (answer != &number)
			return bench_fail(state, "the thread returned something else");
	}
	data->threads_right += number;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->threads_right;
}

static const struct bench lat_thread_create = {
	.name = "lat_thread_create",
	.summary = "create a thread that ends at once, and join it",
	.doc = "Times pthread_create() with default attributes, a thread that adds one to a number and\n"
	       "returns, and pthread_join(). In the kernel: clone with everything shared, a new task\n"
	       "scheduled, its exit and the futex wake-up of the joiner. The libc keeps the stack of\n"
	       "an ended thread for the next, so mmap() and page faults of a new stack are not in\n"
	       "it, mprotect() and madvise() may be. With free the thread may start on another CPU.\n"
	       "Work proof: the number that the threads themselves count, and what join returns.\n"
	       "Idea: measurements of task creation in operating system courses (process against\n"
	       "kernel thread); those stop at the first instruction of the thread, this includes\n"
	       "its end, as lat_fork_exit does.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_SWITCHES, 0.95, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_thread_create);
