// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: posting a POSIX semaphore that another process waits for, and waiting for the one
 * that it posts.
 * Why: what programs use today for it: a futex and a libc's bookkeeping around it, which stays
 * out of the kernel when nobody sleeps.
 * Source: sem_overview(7); the shape of lmbench's semaphore latency, which is System V's.
 */
#include "bench_turns.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>

struct shared {
	struct bench_turns turns;
	_Alignas(64) sem_t there;
	_Alignas(64) sem_t back;
};

struct data {
	struct shared *shared;
};

static int answer(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	struct shared *shared = data->shared;

	while (sem_wait(&shared->there) == 0) {
		if (bench_turns_stopped(&shared->turns))
			return BENCH_OK;
		bench_turns_count(&shared->turns);
		if (sem_post(&shared->back) != 0)
			break;
	}
	return bench_fail(state, "semaphore: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct shared *shared = bench_shared(state, sizeof(*shared));

	if (shared == NULL)
		return BENCH_ERROR;
	if (sem_init(&shared->there, 1, 0) != 0 || sem_init(&shared->back, 1, 0) != 0)
		return errno == ENOSYS ? bench_skip(state, "no semaphores between processes")
				       : bench_fail(state, "sem_init: %s", strerror(errno));
	data->shared = shared;
	return bench_spawn(state, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	struct shared *shared = data->shared;

	for (uint64_t i = 0; i < iterations; i++)
		if (sem_post(&shared->there) != 0 || sem_wait(&shared->back) != 0)
			return bench_fail(state, "semaphore: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(&data->shared->turns);
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->shared == NULL)
		return;
	bench_turns_stop(&data->shared->turns);
	(void)sem_post(&data->shared->there);
}

static const struct bench lat_sem_posix = {
	.name = "lat_sem_posix",
	.summary = "round trip through two POSIX semaphores between two processes",
	.doc = "Times sem_post() on one semaphore and sem_wait() on another, both in memory shared\n"
	       "with a second process that does the opposite: a wake-up and a context switch in\n"
	       "each direction. The libc's code is part of it on purpose: it decides when the kernel\n"
	       "is asked, and on several CPUs an answer may come before its reader sleeps. Beside\n"
	       "lat_futex it says what that code costs, beside lat_sem_sysv what the newer kind of\n"
	       "semaphore saves. Work proof: the other process counts its answers, and on one CPU\n"
	       "the kernel must have counted two context switches a round trip.\n"
	       "Idea: sem_overview(7), in the shape of lmbench's semaphore latency.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_sem_posix);
