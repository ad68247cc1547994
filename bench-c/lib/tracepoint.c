// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The number is in a file of tracefs. Where that is not mounted, a child mounts it for itself
 * alone, in a mount namespace that ends with it: the machine stays as it was.
 */
#include "tracepoint.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const mount_points[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

static uint64_t read_id(const char *mount_point, const char *event)
{
	char path[160];
	unsigned long long id = 0;

	(void)snprintf(path, sizeof(path), "%s/events/%s/id", mount_point, event);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &id) != 1)
		id = 0;
	(void)fclose(file);
	return id;
}

static uint64_t read_privately(const char *event)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tracefs", mount_points[0], "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) !=
		    0)
		return 0;
	return read_id(mount_points[0], event);
}

static uint64_t ask_child(const char *event)
{
	uint64_t id = 0;
	int ends[2];

	if (geteuid() != 0 || pipe(ends) != 0)
		return 0;
	pid_t pid = fork();
	if (pid == 0) {
		id = read_privately(event);
		_exit(write(ends[1], &id, sizeof(id)) == (ssize_t)sizeof(id) ? 0 : 1);
	}
	(void)close(ends[1]);
	if (pid > 0 && read(ends[0], &id, sizeof(id)) != (ssize_t)sizeof(id))
		id = 0;
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return id;
}

uint64_t tracepoint_id(const char *event)
{
	for (size_t i = 0; i < sizeof(mount_points) / sizeof(mount_points[0]); i++) {
		uint64_t id = read_id(mount_points[i], event);
		if (id != 0)
			return id;
	}
	return ask_child(event);
}
