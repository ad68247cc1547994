// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORD_BITS = 8 * sizeof(unsigned long) };

static bool holds(const struct cpus *cpus, int cpu)
{
	return ((cpus->bits[cpu / (int)WORD_BITS] >> (cpu % (int)WORD_BITS)) & 1) != 0;
}

/* The system calls, because they act on the calling thread and take a mask of any size. */
bool cpus_allowed(struct cpus *cpus)
{
	(void)memset(cpus, 0, sizeof(*cpus));
	if (syscall(SYS_sched_getaffinity, 0, sizeof(cpus->bits), cpus->bits) < 0)
		return false;
	for (int cpu = 0; cpu < CPUS_MAX; cpu++)
		cpus->count += holds(cpus, cpu);
	return true;
}

int cpus_need_two(struct reaim_job *job)
{
	struct cpus cpus;

	if (!cpus_allowed(&cpus))
		return reaim_fail(job, "sched_getaffinity: %m");
	if (cpus.count < 2)
		return reaim_skip(job, "only one CPU may be used");
	return REAIM_OK;
}

bool cpus_restore(const struct cpus *cpus)
{
	return syscall(SYS_sched_setaffinity, 0, sizeof(cpus->bits), cpus->bits) == 0;
}

int cpus_next(const struct cpus *cpus, int cpu)
{
	for (int i = 1; i <= CPUS_MAX; i++) {
		int candidate = (cpu + CPUS_MAX + i) % CPUS_MAX; /* cpu may be negative */
		if (holds(cpus, candidate))
			return candidate;
	}
	return -1;
}

bool cpu_use_only(int cpu)
{
	struct cpus one = {0};

	one.bits[cpu / (int)WORD_BITS] = 1UL << (cpu % (int)WORD_BITS);
	return cpus_restore(&one);
}
