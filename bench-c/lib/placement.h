/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs the processes of a benchmark may use: part of what was measured. */
#ifndef KDYNO_PLACEMENT_H
#define KDYNO_PLACEMENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum placement {
	PLACEMENT_SAME_CPU,  /* every task on one CPU */
	PLACEMENT_CROSS_CPU, /* every task on a CPU of its own */
	PLACEMENT_FREE,	     /* wherever the scheduler likes */
	PLACEMENT_COUNT,
};

extern const char *const placement_names[]; /* by enum placement, NULL-terminated */

const char *placement_name(enum placement placement);
bool placement_from_name(const char *name, enum placement *placement);

/* Why `tasks` tasks cannot be placed so on the allowed CPUs, or NULL if they can. */
const char *placement_obstacle(enum placement placement, unsigned tasks, const cpu_set_t *allowed);

/* The CPUs of task `index`. The highest allowed CPU comes first: CPU 0 takes most
 * interrupts and housekeeping. */
cpu_set_t placement_cpus(enum placement placement, size_t index, const cpu_set_t *allowed);

#endif
