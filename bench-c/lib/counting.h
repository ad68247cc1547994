/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches that are counted, not timed: counting every switch and system call costs time. */
#ifndef KDYNO_COUNTING_H
#define KDYNO_COUNTING_H

#include "counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTING_PASSES = 8 };

/* Per operation, over all tasks. */
struct counting {
	size_t passes;
	bool known[COUNTER_KINDS];
	double values[COUNTER_KINDS][COUNTING_PASSES];
};

struct bench_state;
struct clock;

/* After the measurement: run some batches of so many iterations and count. Counters of which
 * none can be had are no error; a failing benchmark is. */
int counting_run(struct bench_state *state, const struct clock *clock, uint64_t iterations,
		 struct counting *counting);

/* The middle value of the passes. */
double counting_typical(const struct counting *counting, enum counter kind);

/* What `total` events of `operations` by `tasks` tasks are per operation. At the edges of a
 * batch a task may be an event ahead or behind; a count that is that near to a whole number for
 * each operation is that number. Pure. */
double counting_per_operation(double total, double operations, double tasks);

#endif
