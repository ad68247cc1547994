// SPDX-License-Identifier: GPL-2.0-or-later
#include "counts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void add_usage(struct counts *counts, int who)
{
	struct rusage usage;

	if (getrusage(who, &usage) != 0) {
		counts->complete = false;
		return;
	}
	counts->voluntary_switches += usage.ru_nvcsw;
	counts->involuntary_switches += usage.ru_nivcsw;
	counts->minor_faults += usage.ru_minflt;
	counts->major_faults += usage.ru_majflt;
}

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "re");
}

static bool add_child_switches(struct counts *counts, pid_t pid)
{
	FILE *status = open_proc(pid, "status");
	char line[256];
	int found = 0;
	long value;

	if (status == NULL)
		return false;
	while (fgets(line, sizeof(line), status) != NULL) {
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &value) == 1) {
			counts->voluntary_switches += value;
			found++;
		} else if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &value) == 1) {
			counts->involuntary_switches += value;
			found++;
		}
	}
	(void)fclose(status);
	return found == 2;
}

/* proc(5): minflt and majflt are fields 10 and 12; field 2 may hold blanks and brackets. */
static bool add_child_faults(struct counts *counts, pid_t pid)
{
	FILE *stat = open_proc(pid, "stat");
	char line[512];
	long minor;
	long major;

	if (stat == NULL)
		return false;
	const char *got = fgets(line, sizeof(line), stat);
	(void)fclose(stat);
	if (got == NULL)
		return false;
	const char *rest = strrchr(line, ')');
	if (rest == NULL ||
	    sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %ld %*d %ld", &minor, &major) != 2)
		return false;
	counts->minor_faults += minor;
	counts->major_faults += major;
	return true;
}

/* The names have had prefixes that differ between kernels. A task may have ended meanwhile. */
static void add_scheduling(struct counts *counts, pid_t task)
{
	FILE *sched = open_proc(task, "sched");
	char line[256];
	bool migrations = false;
	bool wakeups = false;

	while (sched != NULL && fgets(line, sizeof(line), sched) != NULL) {
		const char *colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		if (strstr(line, "nr_migrations ") != NULL) {
			counts->migrations += strtoll(colon + 1, NULL, 10);
			migrations = true;
		} else if (strstr(line, "nr_wakeups ") != NULL) {
			counts->wakeups += strtoll(colon + 1, NULL, 10);
			wakeups = true;
		}
	}
	if (sched != NULL)
		(void)fclose(sched);
	counts->has_migrations = counts->has_migrations && migrations;
	counts->has_wakeups = counts->has_wakeups && wakeups;
}

static void add_own_scheduling(struct counts *counts)
{
	DIR *threads = opendir("/proc/self/task");

	if (threads == NULL) {
		counts->has_migrations = false;
		counts->has_wakeups = false;
		return;
	}
	for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads))
		if (atoi(entry->d_name) > 0)
			add_scheduling(counts, atoi(entry->d_name));
	(void)closedir(threads);
}

struct counts counts_now(const pid_t *children, size_t child_count)
{
	struct counts counts = {.complete = true, .has_migrations = true, .has_wakeups = true};

	for (size_t i = 0; i < child_count; i++) {
		add_scheduling(&counts, children[i]);
		if (!add_child_switches(&counts, children[i]) ||
		    !add_child_faults(&counts, children[i]))
			counts.complete = false;
	}
	add_own_scheduling(&counts);
	add_usage(&counts, RUSAGE_SELF);
	add_usage(&counts, RUSAGE_CHILDREN);
	return counts;
}

struct counts_per_operation counts_between(const struct counts *before, const struct counts *after,
					   uint64_t operations)
{
	double n = (double)operations;

	if (!before->complete || !after->complete || operations == 0)
		return (struct counts_per_operation){.known = false};
	return (struct counts_per_operation){
		.voluntary_switches =
			(double)(after->voluntary_switches - before->voluntary_switches) / n,
		.involuntary_switches =
			(double)(after->involuntary_switches - before->involuntary_switches) / n,
		.minor_faults = (double)(after->minor_faults - before->minor_faults) / n,
		.major_faults = (double)(after->major_faults - before->major_faults) / n,
		.migrations = (double)(after->migrations - before->migrations) / n,
		.wakeups = (double)(after->wakeups - before->wakeups) / n,
		.has_migrations = before->has_migrations && after->has_migrations,
		.has_wakeups = before->has_wakeups && after->has_wakeups,
		.known = true,
	};
}
