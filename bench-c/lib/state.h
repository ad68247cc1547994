/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Behind bench.h's opaque state: one run of one benchmark, and its children. */
#ifndef KDYNO_STATE_H
#define KDYNO_STATE_H

#include "bench.h"
#include "placement.h"
#include "result.h"

#include <pthread.h>

enum { CHILDREN_MAX = 1024, THREADS_MAX = 256 };

enum { NOT_PLACED = -1 };

typedef int task_fn(struct bench_state *state, unsigned index);

/* A thread of a benchmark. */
struct task {
	struct bench_state *state;
	task_fn *body;
	pthread_t thread;
	unsigned index;
	int placed_as; /* task of the placement, or NOT_PLACED */
};

struct bench_state {
	const struct bench *bench;
	struct result *result;
	cpu_set_t allowed; /* what the program itself may use */
	const struct topology *topology;
	void *data;
	uint64_t operations; /* asked of run and overhead since setup */
	uint64_t operations_per_iteration;
	uint64_t bytes_per_operation;
	double took_ns;	     /* what run said itself of its last call, or negative */
	struct crew *crew;   /* of copies that work for this state, or NULL */
	unsigned first_task; /* the placement's number of this state's own task */
	int (*spawned_body)(struct bench_state *state); /* of the child being started */
	pid_t children[CHILDREN_MAX];
	size_t child_count;
	struct task threads[THREADS_MAX];
	size_t thread_count;
};

int state_open(struct bench_state *state, struct result *result, const cpu_set_t *allowed,
	       const struct topology *topology);
void state_close(struct bench_state *state);

/* Move this process to the CPUs of task `index`. */
int state_place(struct bench_state *state, size_t index);

/* Start a child or a thread that runs body; `index` counts both from 0. */
int state_start_process(struct bench_state *state, task_fn *body, int placed_as);
int state_start_thread(struct bench_state *state, task_fn *body, int placed_as);

/* Wait for the children; one that fails, or does not end by itself, is an error. With
 * `kill_first` they are not asked. */
int state_reap(struct bench_state *state, bool kill_first);

#endif
