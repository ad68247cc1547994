// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process sent from CPU to CPU. Each time the kernel has to stop it, take it off one run
 * queue and put it on another before the call returns.
 * Source: sched_setaffinity(2), getcpu(2).
 */
#include "cpus.h"

#include <sched.h>

enum { MIGRATIONS = 100 };

static int migrate(struct reaim_job *job, const struct cpus *cpus)
{
	int cpu = sched_getcpu();

	for (unsigned int i = 0; i < MIGRATIONS; i++) {
		int before = cpu;
		cpu = cpus_next(cpus, cpu);
		if (!cpu_use_only(cpu))
			return reaim_fail(job, "sched_setaffinity to CPU %d: %m", cpu);
		if (sched_getcpu() != cpu || cpu == before)
			return reaim_fail(job, "on CPU %d, not on CPU %d", sched_getcpu(), cpu);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	struct cpus cpus;

	if (!cpus_allowed(&cpus))
		return reaim_fail(job, "sched_getaffinity: %m");
	int error = migrate(job, &cpus);
	if (!cpus_restore(&cpus))
		error = reaim_fail(job, "sched_setaffinity back: %m");
	return error;
}

static const struct reaim_op cpu_migrate = {
	.name = "cpu_migrate",
	.unit = "CPU Migrations",
	.doc = "Moves itself to the next CPU it may use 100 times and asks each time where it runs.",
	.operations = MIGRATIONS,
	.work_per_job = MIGRATIONS,
	.setup = cpus_need_two,
	.run = run,
};
REAIM_REGISTER(cpu_migrate);
