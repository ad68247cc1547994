/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that the kernel or the processor counts for a benchmark's tasks (perf_event_open(2)). */
#ifndef KDYNO_COUNTERS_H
#define KDYNO_COUNTERS_H

#include "perf_group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum counter {
	COUNTER_CONTEXT_SWITCHES,
	COUNTER_MIGRATIONS,
	COUNTER_PAGE_FAULTS,
	COUNTER_CYCLES,
	COUNTER_INSTRUCTIONS,
	COUNTER_LLC_MISSES,
	COUNTER_DTLB_MISSES,
	COUNTER_SYSCALLS, /* last: it counts what is done to start and stop those before */
	COUNTER_KINDS,
};

extern const char *const counter_names[COUNTER_KINDS];

/* As perf_event_open() wants it; of system calls only the type, their number is the machine's. */
struct perf_event counter_event(enum counter kind);

enum { COUNTER_TASKS_MAX = 32 };

struct counters {
	size_t task_count; /* the calling task first; with what they fork from now on */
	bool known[COUNTER_KINDS];
	int fds[COUNTER_KINDS][COUNTER_TASKS_MAX];
	double at_start[COUNTER_KINDS];
	double at_stop[COUNTER_KINDS];
};

/* For the calling task, its process's other threads and the children given. What cannot be
 * counted here, or is not permitted, is not `known`. */
void counters_open(struct counters *counters, const pid_t *children, size_t child_count);
void counters_close(struct counters *counters);

void counters_start(struct counters *counters);
void counters_stop(struct counters *counters);

/* Between the last start and stop, over all tasks. False if it cannot be told. */
bool counters_value(const struct counters *counters, enum counter kind, double *value);

/* Why there are no hardware counters, for a person, or NULL if there are. */
const char *counters_obstacle(void);

#endif
