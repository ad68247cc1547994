// SPDX-License-Identifier: GPL-2.0-or-later
#include "placement.h"

#include <string.h>

const char *const placement_names[PLACEMENT_COUNT + 1] = {
	[PLACEMENT_SAME_CPU] = "same-cpu",
	[PLACEMENT_CROSS_CPU] = "cross-cpu",
	[PLACEMENT_FREE] = "free",
};

const char *placement_name(enum placement placement)
{
	return placement_names[placement];
}

bool placement_from_name(const char *name, enum placement *placement)
{
	for (int i = 0; i < PLACEMENT_COUNT; i++) {
		if (strcmp(name, placement_names[i]) == 0) {
			*placement = (enum placement)i;
			return true;
		}
	}
	return false;
}

const char *placement_obstacle(enum placement placement, unsigned tasks, const cpu_set_t *allowed)
{
	if (placement != PLACEMENT_CROSS_CPU)
		return NULL;
	if (tasks < 2)
		return "cross-cpu needs a benchmark of several tasks, this one has a single task";
	if ((unsigned)CPU_COUNT(allowed) < tasks)
		return "cross-cpu needs a CPU for each task, fewer may be used";
	return NULL;
}

cpu_set_t placement_cpus(enum placement placement, size_t index, const cpu_set_t *allowed)
{
	cpu_set_t chosen;
	size_t skip = placement == PLACEMENT_CROSS_CPU ? index : 0;

	if (placement == PLACEMENT_FREE)
		return *allowed;
	CPU_ZERO(&chosen);
	for (size_t cpu = CPU_SETSIZE; cpu-- > 0;) {
		if (!CPU_ISSET(cpu, allowed))
			continue;
		if (skip == 0) {
			CPU_SET(cpu, &chosen);
			break;
		}
		skip--;
	}
	return chosen;
}
