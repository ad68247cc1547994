/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs share a core, a last-level cache, a memory node. */
#ifndef KDYNO_TOPOLOGY_H
#define KDYNO_TOPOLOGY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdint.h>

/* For each CPU a number that it has in common with its neighbours only: the lowest CPU of the
 * group. What the kernel does not tell is taken for: no shared core, no known cache (-1), one
 * node. */
struct topology {
	int16_t core[CPU_SETSIZE];
	int16_t cache[CPU_SETSIZE];
	int16_t node[CPU_SETSIZE];
};

/* From /sys/devices/system (sysfs-devices-system-cpu). */
void topology_read(struct topology *topology, const cpu_set_t *cpus);

/* Parse the kernel's list format, 0-3,8. Returns the lowest CPU, or -1. */
int topology_parse_list(const char *text, cpu_set_t *cpus);

#endif
