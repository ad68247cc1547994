// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 128, FILE_SIZE = 64, LIST_SIZE = 4096, CACHE_INDEX_MAX = 8, NODES_MAX = 1024 };

int topology_parse_list(const char *text, cpu_set_t *cpus)
{
	int lowest = -1;

	CPU_ZERO(cpus);
	while (isdigit((unsigned char)*text)) {
		char *end;
		long first = strtol(text, &end, 10);
		long last = first;
		if (*end == '-') {
			if (!isdigit((unsigned char)end[1]))
				return -1;
			last = strtol(end + 1, &end, 10);
		}
		if (last < first || last >= CPU_SETSIZE)
			return -1;
		for (long cpu = first; cpu <= last; cpu++)
			CPU_SET((size_t)cpu, cpus);
		if (lowest < 0 || first < lowest)
			lowest = (int)first;
		text = *end == ',' ? end + 1 : end;
	}
	return *text == '\0' || *text == '\n' ? lowest : -1;
}

static int read_list(const char *path, cpu_set_t *cpus)
{
	char list[LIST_SIZE];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -1;
	const char *got = fgets(list, sizeof(list), file);
	(void)fclose(file);
	return got == NULL ? -1 : topology_parse_list(list, cpus);
}

static int lowest_sibling(size_t cpu, const char *file)
{
	char path[PATH_SIZE];
	cpu_set_t ignored;

	(void)snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/%s", cpu, file);
	return read_list(path, &ignored);
}

/* The caches of a CPU are listed from the nearest on. */
static int lowest_cache_sibling(size_t cpu)
{
	int lowest = -1;

	for (int index = 0; index < CACHE_INDEX_MAX; index++) {
		char file[FILE_SIZE];
		(void)snprintf(file, sizeof(file), "cache/index%d/shared_cpu_list", index);
		int found = lowest_sibling(cpu, file);
		if (found < 0)
			break;
		lowest = found;
	}
	return lowest;
}

static void read_nodes(struct topology *topology)
{
	for (int node = 0; node < NODES_MAX; node++) {
		char path[PATH_SIZE];
		cpu_set_t cpus;
		(void)snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
		FILE *file = fopen(path, "re");
		if (file == NULL) /* numbers may have gaps, but hardly on machines with few */
			break;
		(void)fclose(file);
		if (read_list(path, &cpus) < 0)
			continue; /* memory without CPUs */
		for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &cpus))
				topology->node[cpu] = (int16_t)node;
	}
}

void topology_read(struct topology *topology, const cpu_set_t *cpus)
{
	memset(topology, 0, sizeof(*topology));
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		topology->core[cpu] = (int16_t)cpu;
		if (!CPU_ISSET(cpu, cpus))
			continue;
		int core = lowest_sibling(cpu, "topology/thread_siblings_list");
		int cache = lowest_cache_sibling(cpu);
		topology->core[cpu] = (int16_t)(core < 0 ? (int)cpu : core);
		topology->cache[cpu] = (int16_t)cache;
	}
	read_nodes(topology);
}
