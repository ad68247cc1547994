/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that are counted together and read with one call (perf_event_open(2)). */
#ifndef KDYNO_PERF_GROUP_H
#define KDYNO_PERF_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PERF_GROUP_MAX = 4 };

struct perf_event {
	uint32_t type;
	uint64_t config;
};

struct perf_group {
	int fds[PERF_GROUP_MAX];
	size_t count; /* 0: not open */
};

/* As the kernel returns it for PERF_FORMAT_GROUP with both times. */
struct perf_group_reading {
	uint64_t count;
	uint64_t enabled_ns;
	uint64_t running_ns;
	uint64_t values[PERF_GROUP_MAX];
};

/* All events or none. Either those of the calling task, without its children (cpu -1), or
 * whatever happens on a CPU. Counts from now on. 0, or an errno. */
int perf_group_open(struct perf_group *group, const struct perf_event *events, size_t count,
		    int cpu);
void perf_group_close(struct perf_group *group);

bool perf_group_read(const struct perf_group *group, struct perf_group_reading *reading);

/* How often event `index` came between two readings; scaled where the group had to share the
 * processor's counters with somebody else, negative where it never had them. Pure. */
double perf_group_between(const struct perf_group_reading *before,
			  const struct perf_group_reading *after, size_t index);

#endif
