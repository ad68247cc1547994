/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Behind bench.h's opaque state: one run of one benchmark, and its children. */
#ifndef KDYNO_STATE_H
#define KDYNO_STATE_H

#include "bench.h"
#include "placement.h"
#include "result.h"

#include <pthread.h>

enum { CHILDREN_MAX = 1024, THREADS_MAX = 256 };

struct bench_state;

/* A thread of a benchmark. */
struct task {
	struct bench_state *state;
	int (*body)(struct bench_state *state, unsigned index);
	pthread_t thread;
	unsigned index;
};

struct bench_state {
	const struct bench *bench;
	struct result *result;
	cpu_set_t allowed; /* what the program itself may use */
	void *data;
	uint64_t operations; /* asked of run and overhead since setup */
	uint64_t operations_per_iteration;
	uint64_t bytes_per_operation;
	double took_ns;	     /* what run said itself of its last call, or negative */
	unsigned first_task; /* the placement's number of this state's own task */
	pid_t children[CHILDREN_MAX];
	size_t child_count;
	struct task threads[THREADS_MAX];
	size_t thread_count;
};

int state_open(struct bench_state *state, struct result *result, const cpu_set_t *allowed);
void state_close(struct bench_state *state);

/* Move this process to the CPUs of task `index`. */
int state_place(struct bench_state *state, size_t index);

/* Wait for the children; one that fails, or does not end by itself, is an error. With
 * `kill_first` they are not asked. */
int state_reap(struct bench_state *state, bool kill_first);

#endif
