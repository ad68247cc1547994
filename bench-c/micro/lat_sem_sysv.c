// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: posting a System V semaphore that another process waits for, and waiting for the one
 * that it posts.
 * Why: the oldest wake-up between processes, still used by databases; each operation is a
 * system call that takes the set's lock.
 * Source: lmbench's semaphore latency (its figure is half of this one, per direction);
 * semop(2).
 */
#include "bench_turns.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>

enum { THERE, BACK, SEMAPHORES };

struct data {
	struct bench_turns *turns;
	int set;
	bool made;
};

static bool change(int set, unsigned short semaphore, short by)
{
	struct sembuf operation = {.sem_num = semaphore, .sem_op = by};

	return semop(set, &operation, 1) == 0;
}

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);

	while (change(data->set, THERE, -1)) {
		if (bench_turns_stopped(data->turns))
			return BENCH_OK;
		bench_turns_count(data->turns);
		if (!change(data->set, BACK, 1))
			break;
	}
	/* Teardown removes the set, which may come before the last turn is seen. */
	if (bench_turns_stopped(data->turns))
		return BENCH_OK;
	return bench_fail(state, "semop: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_turns_hide_ipc();
	data->set = semget(IPC_PRIVATE, SEMAPHORES, S_IRUSR | S_IWUSR);
	if (data->set < 0 && (errno == ENOSYS || errno == ENOSPC))
		return bench_skip(state,
				  "no semaphore set (needs CONFIG_SYSVIPC and room in "
				  "kernel.sem): %s",
				  strerror(errno));
	if (data->set < 0)
		return bench_fail(state, "semget: %s", strerror(errno));
	data->made = true;
	data->turns = bench_shared(state, sizeof(*data->turns));
	return data->turns == NULL ? BENCH_ERROR : bench_spawn(state, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++)
		if (!change(data->set, THERE, 1) || !change(data->set, BACK, -1))
			return bench_fail(state, "semop: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(data->turns);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->turns != NULL)
		bench_turns_stop(data->turns);
	if (data->made)
		(void)semctl(data->set, 0, IPC_RMID);
}

static const struct bench lat_sem_sysv = {
	.name = "lat_sem_sysv",
	.summary = "round trip through two System V semaphores between two processes",
	.doc = "Times semop() of +1 on one semaphore of a set and semop() of -1 on the other, while\n"
	       "a second process does the opposite: two system calls, a wake-up and a context\n"
	       "switch in each direction. Neither IPC_NOWAIT nor SEM_UNDO. The figure is the round\n"
	       "trip; the program that the idea is from reports half of it. Work proof: the other\n"
	       "process counts its answers, both semaphores return to 0 each time or the processes\n"
	       "would run ahead, and on one CPU two context switches were counted. The set is\n"
	       "removed at the end; root's is in an IPC namespace of its own and goes with it even if\n"
	       "the run is killed, an ordinary user's is then left behind.\n"
	       "Idea: lmbench's semaphore latency, where one call of two operations posts and waits.",
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
BENCH_REGISTER(lat_sem_sysv);
