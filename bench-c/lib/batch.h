/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One timed batch of operations in this task: nothing but the work between two readings. */
#ifndef KDYNO_BATCH_H
#define KDYNO_BATCH_H

#include "clock.h"
#include "state.h"

typedef int run_fn(struct bench_state *state, uint64_t iterations);

/* Called just before the clock is read for the first time and just after it is for the second. */
struct batch_hooks {
	void (*begin)(void *context); /* even when the work was not prepared and will not be done */
	void (*end)(void *context);   /* may be NULL */
	void *context;
};

struct batch {
	const struct clock *clock;
	run_fn *run;
	uint64_t iterations;
	const struct batch_hooks *hooks; /* may be NULL */
	uint64_t begin_ns;
	uint64_t end_ns;
	double took_ns;	    /* what run said itself, or negative */
	double shortest_ns; /* that a copy took for its own share: nobody to wait for is in it */
};

/* prepare, run, prove the work, restore. */
int batch_run(struct bench_state *state, struct batch *batch);

#endif
