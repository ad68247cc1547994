// SPDX-License-Identifier: GPL-2.0-or-later
#include "placement.h"

#include <string.h>

const char *const placement_names[PLACEMENT_COUNT + 1] = {
	[PLACEMENT_SAME_CPU] = "same-cpu",
	[PLACEMENT_CROSS_CPU] = "cross-cpu",
	[PLACEMENT_SMT] = "smt",
	[PLACEMENT_SAME_LLC] = "same-llc",
	[PLACEMENT_CROSS_LLC] = "cross-llc",
	[PLACEMENT_CROSS_NODE] = "cross-node",
	[PLACEMENT_FREE] = "free",
};

static const char *const obstacles[PLACEMENT_COUNT] = {
	[PLACEMENT_CROSS_CPU] = "cross-cpu needs a CPU for each task, fewer may be used",
	[PLACEMENT_SMT] = "smt needs a hardware thread of one core for each task",
	[PLACEMENT_SAME_LLC] = "same-llc needs a core with the same last-level cache for each task",
	[PLACEMENT_CROSS_LLC] = "cross-llc needs cores with another last-level cache",
	[PLACEMENT_CROSS_NODE] = "cross-node needs CPUs on another memory node",
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

bool placement_spreads(enum placement placement)
{
	return placement != PLACEMENT_SAME_CPU && placement != PLACEMENT_FREE;
}

/* May a task be on `cpu` when the first is on `first`? */
static bool suits(enum placement placement, size_t cpu, size_t first,
		  const struct topology *topology)
{
	bool same_core = topology->core[cpu] == topology->core[first];
	bool same_cache = topology->cache[cpu] == topology->cache[first];
	bool caches_known = topology->cache[cpu] >= 0 && topology->cache[first] >= 0;
	bool same_node = topology->node[cpu] == topology->node[first];

	switch (placement) {
	case PLACEMENT_SMT:
		return same_core;
	case PLACEMENT_SAME_LLC:
		return caches_known && same_cache && !same_core;
	case PLACEMENT_CROSS_LLC:
		return caches_known && !same_cache && same_node;
	case PLACEMENT_CROSS_NODE:
		return !same_node;
	default:
		return true;
	}
}

static size_t highest(const cpu_set_t *cpus)
{
	size_t cpu = CPU_SETSIZE;

	while (cpu > 0 && !CPU_ISSET(cpu - 1, cpus))
		cpu--;
	return cpu == 0 ? CPU_SETSIZE : cpu - 1;
}

/* The best CPU for one more task: a core of its own before a hardware thread of a taken one. */
static size_t next_cpu(enum placement placement, size_t first, const cpu_set_t *allowed,
		       const cpu_set_t *taken, const cpu_set_t *taken_cores,
		       const struct topology *topology)
{
	size_t second_best = CPU_SETSIZE;

	for (size_t cpu = CPU_SETSIZE; cpu-- > 0;) {
		if (!CPU_ISSET(cpu, allowed) || CPU_ISSET(cpu, taken) ||
		    !suits(placement, cpu, first, topology))
			continue;
		if (placement == PLACEMENT_SMT ||
		    !CPU_ISSET((size_t)topology->core[cpu], taken_cores))
			return cpu;
		if (second_best == CPU_SETSIZE)
			second_best = cpu;
	}
	return second_best;
}

cpu_set_t placement_cpus(enum placement placement, size_t index, const cpu_set_t *allowed,
			 const struct topology *topology)
{
	cpu_set_t chosen;
	cpu_set_t taken;
	cpu_set_t taken_cores;
	size_t first = highest(allowed);
	size_t cpu = first;

	if (placement == PLACEMENT_FREE)
		return *allowed;
	CPU_ZERO(&chosen);
	CPU_ZERO(&taken);
	CPU_ZERO(&taken_cores);
	for (size_t i = 0; i < index && placement_spreads(placement) && cpu < CPU_SETSIZE; i++) {
		CPU_SET(cpu, &taken);
		CPU_SET((size_t)topology->core[cpu], &taken_cores);
		cpu = next_cpu(placement, first, allowed, &taken, &taken_cores, topology);
	}
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &chosen);
	return chosen;
}

const char *placement_obstacle(enum placement placement, unsigned tasks, const cpu_set_t *allowed,
			       const struct topology *topology)
{
	if (!placement_spreads(placement))
		return NULL;
	if (tasks < 2)
		return "every task on a CPU of its own: this benchmark has a single task";
	cpu_set_t last = placement_cpus(placement, tasks - 1, allowed, topology);
	return CPU_COUNT(&last) == 0 ? obstacles[placement] : NULL;
}
