/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one benchmark, in this process or in one of its own. */
#ifndef KDYNO_SESSION_H
#define KDYNO_SESSION_H

#include "clock.h"
#include "placement.h"
#include "result.h"

struct options {
	struct sampling_plan plan; /* budget_ns: for all metrics of a benchmark */
	struct clock clock;	   /* measured */
	cpu_set_t allowed;
};

/* Here: sets affinity, forks children, may hang if the benchmark does. Returns the status. */
int session_run(struct result *result, const struct options *options);

/* In a process and process group of its own, killed when it takes longer than its budget and
 * timeout_s. Survives a benchmark that crashes or hangs. */
int session_run_isolated(struct result *result, const struct options *options);

#endif
