// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf_group.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_event(const struct perf_event *event, int cpu, int leader)
{
	struct perf_event_attr attributes = {
		.type = event->type,
		.size = sizeof(attributes),
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_hv = event->type != PERF_TYPE_SOFTWARE,
	};

	return (int)syscall(SYS_perf_event_open, &attributes, cpu < 0 ? 0 : -1, cpu, leader,
			    PERF_FLAG_FD_CLOEXEC);
}

int perf_group_open(struct perf_group *group, const struct perf_event *events, size_t count,
		    int cpu)
{
	*group = (struct perf_group){.count = 0};
	for (size_t i = 0; i < count && i < PERF_GROUP_MAX; i++) {
		int fd = open_event(&events[i], cpu, i == 0 ? -1 : group->fds[0]);
		int error = errno;
		if (fd < 0) {
			perf_group_close(group);
			return error;
		}
		group->fds[group->count++] = fd;
	}
	return 0;
}

void perf_group_close(struct perf_group *group)
{
	while (group->count > 0)
		(void)close(group->fds[--group->count]);
}

bool perf_group_read(const struct perf_group *group, struct perf_group_reading *reading)
{
	size_t size = sizeof(*reading) - (PERF_GROUP_MAX - group->count) * sizeof(uint64_t);

	return read(group->fds[0], reading, size) == (ssize_t)size;
}

double perf_group_between(const struct perf_group_reading *before,
			  const struct perf_group_reading *after, size_t index)
{
	double enabled_ns = (double)(after->enabled_ns - before->enabled_ns);
	double running_ns = (double)(after->running_ns - before->running_ns);
	double value = (double)(after->values[index] - before->values[index]);

	if (running_ns <= 0 && enabled_ns > 0)
		return -1;
	return running_ns < enabled_ns ? value * enabled_ns / running_ns : value;
}
