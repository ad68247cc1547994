// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: sched_setaffinity() of a running task to a CPU on which it is not.
 * Why: the migration that the load balancer does unseen, made visible: the stopper thread of
 * the one CPU takes the task off, the other CPU is woken and gets it.
 * Source: sched_setaffinity(2); the migration tests of scheduler benchmarks.
 */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { MOVES = 2 };

struct data {
	cpu_set_t sets[MOVES];
	int cpus[MOVES];
	cpu_set_t before;
	int peer_cpu; /* where placement has put the second task */
	bool peer_known;
	uint64_t moves;
};

static int peer(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);

	(void)index;
	data->peer_cpu = sched_getcpu();
	__atomic_store_n(&data->peer_known, true, __ATOMIC_RELEASE);
	return BENCH_OK;
}

/* From the first task's CPU to the second's; where they have the same, to any other. */
static int choose_cpus(struct bench_state *state, struct data *data)
{
	int error = bench_thread(state, peer);

	if (error != 0)
		return error;
	while (!__atomic_load_n(&data->peer_known, __ATOMIC_ACQUIRE))
		(void)sched_yield();
	int home = sched_getcpu();
	int away = data->peer_cpu != home ? data->peer_cpu : bench_other_cpu(state, home);
	if (home < 0 || away < 0)
		return bench_skip(state, "needs two CPUs to move between, one may be used");
	data->cpus[0] = away;
	data->cpus[1] = home;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (sched_getaffinity(0, sizeof(data->before), &data->before) != 0)
		return bench_fail(state, "sched_getaffinity: %s", strerror(errno));
	int error = choose_cpus(state, data);
	if (error != 0)
		return error;
	for (int i = 0; i < MOVES; i++) {
		CPU_ZERO(&data->sets[i]);
		CPU_SET((size_t)data->cpus[i], &data->sets[i]);
	}
	for (int i = 0; i < MOVES; i++)
		if (sched_setaffinity(0, sizeof(data->sets[i]), &data->sets[i]) != 0)
			return bench_skip(state, "needs leave to use CPU %d: %s", data->cpus[i],
					  strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		for (int move = 0; move < MOVES; move++) {
			if (sched_setaffinity(0, sizeof(cpu_set_t), &data->sets[move]) != 0)
				return bench_fail(state, "sched_setaffinity: %s", strerror(errno));
			data->moves += sched_getcpu() == data->cpus[move];
		}
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->moves;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (CPU_COUNT(&data->before) > 0)
		(void)sched_setaffinity(0, sizeof(data->before), &data->before);
}

static const struct bench lat_setaffinity_migrate = {
	.name = "lat_setaffinity_migrate",
	.summary = "move the running task to another CPU",
	.doc = "Times sched_setaffinity() of the running process to a set with one CPU, on which it is\n"
	       "not: to another CPU and back, two operations. The kernel cannot move a running task\n"
	       "itself: it wakes the stopper thread of the CPU, which takes the task off; the other\n"
	       "CPU is interrupted, leaves idle, and runs it. Placement says which pair of CPUs:\n"
	       "those of two tasks that are placed so, and with same-cpu the task's CPU and any other\n"
	       "that may be used. Idle states decide as with every wake-up, so the figure is the\n"
	       "median. Work proof: after each call sched_getcpu(), answered without the kernel's help,\n"
	       "must name the new CPU; its few nanoseconds are in the figure. On a machine with one CPU\n"
	       "it is left out.\n"
	       "Idea: sched_setaffinity(2).",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 10,
	.tasks = 2,
	.operations_per_iteration = MOVES,
	.expectations = {{BENCH_SWITCHES, 0.95, 0}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_setaffinity_migrate);
