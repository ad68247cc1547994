// SPDX-License-Identifier: GPL-2.0-or-later
#include "seen.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSOR_FIELD = 39, STATE_FIELD = 3 }; /* of /proc/PID/stat, proc(5) */

void seen_add(struct seen *seen, const int *cpus, size_t count)
{
	bool all_same = true;
	bool all_differ = true;

	if (count < 2)
		return;
	for (size_t i = 0; i < count; i++) {
		all_same = all_same && cpus[i] == cpus[0];
		for (size_t j = 0; j < i; j++)
			all_differ = all_differ && cpus[i] != cpus[j];
	}
	seen->together += all_same;
	seen->apart += all_differ;
	seen->mixed += !all_same && !all_differ;
}

bool seen_fits(const struct seen *seen, enum placement placement)
{
	if (placement == PLACEMENT_SAME_CPU)
		return seen->apart + seen->mixed == 0;
	if (placement_spreads(placement))
		return seen->together + seen->mixed == 0;
	return true;
}

/* A thread is found there too, though it is not listed. */
static void add_task(struct seen_watch *watch, int id)
{
	char path[64];

	if (watch->count == SEEN_TASKS_MAX)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", id);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		watch->fds[watch->count++] = fd;
}

static void add_threads(struct seen_watch *watch)
{
	DIR *tasks = opendir("/proc/self/task");

	if (tasks == NULL)
		return;
	for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
		int id = atoi(entry->d_name);
		if (id > 0 && id != getpid())
			add_task(watch, id);
	}
	(void)closedir(tasks);
}

void seen_watch_open(struct seen_watch *watch, const pid_t *children, size_t child_count,
		     bool with_self)
{
	*watch = (struct seen_watch){.with_self = with_self};
	for (size_t i = 0; i < child_count; i++)
		add_task(watch, children[i]);
	add_threads(watch);
}

/* -1 when the task has ended. */
static int cpu_of(int fd)
{
	char text[512];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	if (got <= 0)
		return -1;
	text[got] = '\0';
	const char *at = strrchr(text, ')');
	for (int field = STATE_FIELD - 1; at != NULL && field < PROCESSOR_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at == NULL ? -1 : atoi(at);
}

void seen_watch_look(const struct seen_watch *watch, struct seen *seen)
{
	int cpus[SEEN_TASKS_MAX + 1];
	size_t count = 0;

	if (watch->with_self)
		cpus[count++] = sched_getcpu();
	for (size_t i = 0; i < watch->count; i++) {
		int cpu = cpu_of(watch->fds[i]);
		if (cpu >= 0)
			cpus[count++] = cpu;
	}
	seen_add(seen, cpus, count);
}

void seen_watch_close(struct seen_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		(void)close(watch->fds[i]);
	watch->count = 0;
}
