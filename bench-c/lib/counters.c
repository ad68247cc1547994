// SPDX-License-Identifier: GPL-2.0-or-later
#include "counters.h"

#include "tracepoint.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const counter_names[COUNTER_KINDS] = {
	[COUNTER_CONTEXT_SWITCHES] = "context_switches", [COUNTER_MIGRATIONS] = "migrations",
	[COUNTER_PAGE_FAULTS] = "page_faults",		 [COUNTER_CYCLES] = "cycles",
	[COUNTER_INSTRUCTIONS] = "instructions",	 [COUNTER_LLC_MISSES] = "llc_misses",
	[COUNTER_DTLB_MISSES] = "dtlb_misses",		 [COUNTER_SYSCALLS] = "syscalls",
};

#define DTLB_READ_MISSES                                                                           \
	(PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |                             \
	 PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct perf_event events[COUNTER_KINDS] = {
	[COUNTER_CONTEXT_SWITCHES] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
	[COUNTER_MIGRATIONS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
	[COUNTER_PAGE_FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
	[COUNTER_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	[COUNTER_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
	[COUNTER_LLC_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
	[COUNTER_DTLB_MISSES] = {PERF_TYPE_HW_CACHE, DTLB_READ_MISSES},
	[COUNTER_SYSCALLS] = {PERF_TYPE_TRACEPOINT, 0},
};

struct perf_event counter_event(enum counter kind)
{
	return events[kind];
}

static int open_event(enum counter kind, pid_t task, uint64_t tracepoint, bool only_user)
{
	struct perf_event_attr attributes = {
		.type = events[kind].type,
		.size = sizeof(attributes),
		.config = kind == COUNTER_SYSCALLS ? tracepoint : events[kind].config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.inherit = 1,
		.exclude_kernel = only_user,
		.exclude_hv = events[kind].type == PERF_TYPE_HARDWARE ||
			      events[kind].type == PERF_TYPE_HW_CACHE,
	};

	return (int)syscall(SYS_perf_event_open, &attributes, task, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void close_kind(struct counters *counters, enum counter kind, size_t task_count)
{
	for (size_t i = 0; i < task_count; i++)
		(void)close(counters->fds[kind][i]);
	counters->known[kind] = false;
}

/* For all tasks or for none. */
static void open_kind(struct counters *counters, enum counter kind, const pid_t *tasks,
		      uint64_t tracepoint)
{
	for (size_t i = 0; i < counters->task_count; i++) {
		counters->fds[kind][i] = open_event(kind, tasks[i], tracepoint, false);
		if (counters->fds[kind][i] < 0) {
			close_kind(counters, kind, i);
			return;
		}
	}
	counters->known[kind] = true;
}

/* 0 when there are more than room. */
static size_t list_tasks(pid_t *tasks, const pid_t *children, size_t child_count)
{
	size_t count = 0;
	DIR *threads = opendir("/proc/self/task");

	tasks[count++] = 0;
	if (child_count >= COUNTER_TASKS_MAX || threads == NULL)
		count = COUNTER_TASKS_MAX + 1;
	for (size_t i = 0; i < child_count && count <= COUNTER_TASKS_MAX; i++)
		tasks[count++] = children[i];
	while (threads != NULL && count <= COUNTER_TASKS_MAX) {
		const struct dirent *entry = readdir(threads);
		if (entry == NULL)
			break;
		pid_t id = atoi(entry->d_name);
		if (id > 0 && id != getpid())
			tasks[count++] = id;
	}
	if (threads != NULL)
		(void)closedir(threads);
	return count <= COUNTER_TASKS_MAX ? count : 0;
}

void counters_open(struct counters *counters, const pid_t *children, size_t child_count)
{
	pid_t tasks[COUNTER_TASKS_MAX + 1] = {0};
	uint64_t tracepoint = tracepoint_id("raw_syscalls/sys_enter");

	*counters = (struct counters){.task_count = list_tasks(tasks, children, child_count)};
	if (counters->task_count == 0)
		return;
	for (unsigned kind = 0; kind < COUNTER_KINDS; kind++)
		if (kind != COUNTER_SYSCALLS || tracepoint != 0)
			open_kind(counters, kind, tasks, tracepoint);
}

void counters_close(struct counters *counters)
{
	for (unsigned kind = 0; kind < COUNTER_KINDS; kind++)
		if (counters->known[kind])
			close_kind(counters, kind, counters->task_count);
}

/* Where there are more events than the processor counts at once, they take turns. */
static bool read_scaled(int fd, double *value)
{
	struct {
		uint64_t value;
		uint64_t enabled_ns;
		uint64_t running_ns;
	} got;

	if (read(fd, &got, sizeof(got)) != (ssize_t)sizeof(got))
		return false;
	*value = (double)got.value;
	if (got.running_ns > 0 && got.running_ns < got.enabled_ns)
		*value *= (double)got.enabled_ns / (double)got.running_ns;
	return got.running_ns > 0 || got.enabled_ns == 0;
}

static bool read_task(const struct counters *counters, unsigned kind, size_t task, double *sum)
{
	double value = 0;
	bool ok = read_scaled(counters->fds[kind][task], &value);

	*sum += value;
	return ok;
}

/* They count all the time: what children that have ended left behind cannot be reset. The
 * calling task's system calls are read last here and first at the end. */
void counters_start(struct counters *counters)
{
	for (unsigned kind = 0; kind < COUNTER_KINDS; kind++) {
		counters->at_start[kind] = 0;
		for (size_t task = counters->task_count; counters->known[kind] && task-- > 0;)
			if (!read_task(counters, kind, task, &counters->at_start[kind]))
				close_kind(counters, kind, counters->task_count);
	}
}

void counters_stop(struct counters *counters)
{
	for (unsigned kind = COUNTER_KINDS; kind-- > 0;) {
		counters->at_stop[kind] = 0;
		for (size_t task = 0; counters->known[kind] && task < counters->task_count; task++)
			if (!read_task(counters, kind, task, &counters->at_stop[kind]))
				close_kind(counters, kind, counters->task_count);
	}
}

bool counters_value(const struct counters *counters, enum counter kind, double *value)
{
	*value = counters->at_stop[kind] - counters->at_start[kind];
	if (kind == COUNTER_SYSCALLS)
		*value -= 1; /* the first reading at the end */
	return counters->known[kind];
}

const char *counters_obstacle(void)
{
	int fd = open_event(COUNTER_INSTRUCTIONS, 0, 0, false);
	int error = errno;

	if (fd >= 0) {
		(void)close(fd);
		return NULL;
	}
	/* What is not permitted is not looked for; without the kernel's part it mostly is. */
	if (error == EACCES || error == EPERM) {
		fd = open_event(COUNTER_INSTRUCTIONS, 0, 0, true);
		if (fd < 0)
			error = errno;
		else
			(void)close(fd);
	}
	switch (error) {
	case EACCES:
	case EPERM:
		return "not permitted (see kernel.perf_event_paranoid)";
	case ENOSYS:
		return "not available (the kernel has no performance events)";
	default:
		return "not available (no PMU)";
	}
}
