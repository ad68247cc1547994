/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs the calling thread may use, and using just one of them. */
#ifndef KDYNO_REAIM_CPUS_H
#define KDYNO_REAIM_CPUS_H

#include "reaim_op.h"

enum { CPUS_MAX = 8192 }; /* as many as a kernel can be built for */

struct cpus {
	unsigned long bits[CPUS_MAX / (8 * sizeof(unsigned long))];
	unsigned int count;
};

bool cpus_allowed(struct cpus *cpus);	    /* false with errno */
bool cpus_restore(const struct cpus *cpus); /* false with errno */
/* The next CPU of the set after `cpu`, going round; -1 gives the first. */
int cpus_next(const struct cpus *cpus, int cpu);
/* The setup of an operation that needs two CPUs: a skip with only one. */
int cpus_need_two(struct reaim_job *job);
bool cpu_use_only(int cpu); /* false with errno; true: the thread already runs there */

#endif
