/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs the tasks of a benchmark may use: part of what was measured. */
#ifndef KDYNO_PLACEMENT_H
#define KDYNO_PLACEMENT_H

#include "topology.h"

#include <stdbool.h>
#include <stddef.h>

enum placement {
	PLACEMENT_SAME_CPU,   /* every task on one CPU */
	PLACEMENT_CROSS_CPU,  /* every task on a CPU of its own, if possible a core of its own */
	PLACEMENT_SMT,	      /* ... all hardware threads of one core */
	PLACEMENT_SAME_LLC,   /* ... cores that share their last-level cache */
	PLACEMENT_CROSS_LLC,  /* ... the others' cores do not share it with the first task's */
	PLACEMENT_CROSS_NODE, /* ... the others are on another memory node than the first */
	PLACEMENT_FREE,	      /* wherever the scheduler likes */
	PLACEMENT_COUNT,
};

extern const char *const placement_names[]; /* by enum placement, NULL-terminated */

const char *placement_name(enum placement placement);
bool placement_from_name(const char *name, enum placement *placement);

/* Whether every task has a CPU of its own. */
bool placement_spreads(enum placement placement);

/* Why `tasks` tasks cannot be placed so on the allowed CPUs, or NULL if they can. */
const char *placement_obstacle(enum placement placement, unsigned tasks, const cpu_set_t *allowed,
			       const struct topology *topology);

/* The CPUs of task `index`; none when there is an obstacle. The highest allowed CPU comes
 * first: CPU 0 takes most interrupts and housekeeping. */
cpu_set_t placement_cpus(enum placement placement, size_t index, const cpu_set_t *allowed,
			 const struct topology *topology);

#endif
