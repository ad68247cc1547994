/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How all benchmarks of one invocation are measured. Plain data: it is handed to other processes.
 */
#ifndef KDYNO_OPTIONS_H
#define KDYNO_OPTIONS_H

#include "clock.h"
#include "placement.h"
#include "sampler.h"

/* What keeps the rest of the machine away from a benchmark. */
struct isolation {
	int fifo_priority;	 /* SCHED_FIFO; 0: the usual policy */
	bool lock_memory;	 /* mlockall() */
	bool without_huge_pages; /* no transparent huge pages for the benchmark */
};

struct options {
	struct sampling_plan plan; /* of one benchmark: all its metrics and rounds together */
	struct clock clock;	   /* measured */
	cpu_set_t allowed;
	struct isolation isolation;
	double limit_s;	 /* a round that takes longer is killed, whatever its timeout; 0: none */
	unsigned rounds; /* each in a process of its own; 0 is 1 */
	bool lists_sample_counts; /* what was counted in each sample, not only its summary */
	uint64_t seed;		  /* of order and layout; 0: order as given, layout as it comes */
	/* Start each round as a new program, so that address space, stack and environment are laid
	 * out anew. Needs main() to call session_child_main(). */
	bool fresh_image;
};

#endif
