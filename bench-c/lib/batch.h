/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One timed batch of operations in this task: nothing but the work between two readings. */
#ifndef KDYNO_BATCH_H
#define KDYNO_BATCH_H

#include "clock.h"
#include "state.h"

typedef int run_fn(struct bench_state *state, uint64_t iterations);

struct batch {
	const struct clock *clock;
	run_fn *run;
	uint64_t iterations;
	void (*gate)(void *context); /* passed just before the clock is read; may be NULL */
	void *gate_context;
	uint64_t begin_ns;
	uint64_t end_ns;
	double took_ns;	    /* what run said itself, or negative */
	double shortest_ns; /* that a copy took for its own share: nobody to wait for is in it */
};

/* prepare, run, prove the work, restore. */
int batch_run(struct bench_state *state, struct batch *batch);

#endif
