// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_process.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 500 };

/* Where the unified hierarchy is mounted. */
static bool find_mount(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool found = false;

	if (mounts == NULL)
		return false;
	for (const struct mntent *mount = getmntent(mounts); mount != NULL && !found;
	     mount = getmntent(mounts))
		if (strcmp(mount->mnt_type, "cgroup2") == 0)
			found = (size_t)snprintf(path, size, "%s", mount->mnt_dir) < size;
	(void)endmntent(mounts);
	return found;
}

/* cgroups(7): the unified hierarchy's line begins with "0::". */
static bool find_own(char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[BENCH_PROGRAM_PATH_SIZE];
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		found = (size_t)snprintf(path, size, "%s", line + strlen("0::")) < size;
	}
	(void)fclose(file);
	return found;
}

int bench_cgroup_name(struct bench_state *state, struct bench_cgroup *cgroup, const char *suffix)
{
	char mount[BENCH_PROGRAM_PATH_SIZE / 4];
	char own[BENCH_PROGRAM_PATH_SIZE / 4];

	if (!find_mount(mount, sizeof(mount)))
		return bench_skip(state, "needs a mounted cgroup2 file system");
	if (!find_own(own, sizeof(own)))
		return bench_skip(state, "needs to be in a cgroup of the unified hierarchy");
	if (strcmp(own, "/") == 0)
		own[0] = '\0';
	(void)snprintf(cgroup->path, sizeof(cgroup->path), "%s%s/kbench-%d%s", mount, own,
		       (int)getpid(), suffix);
	return BENCH_OK;
}

int bench_cgroup_make(struct bench_state *state, const struct bench_cgroup *cgroup)
{
	if (mkdir(cgroup->path, 0755) == 0)
		return BENCH_OK;
	return bench_skip(state,
			  "needs a cgroup in which it may make others (root, or a delegated "
			  "cgroup): mkdir %s: %s",
			  cgroup->path, strerror(errno));
}

void bench_cgroup_remove(const struct bench_cgroup *cgroup)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (cgroup->path[0] == '\0')
		return;
	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (rmdir(cgroup->path) == 0 || errno != EBUSY)
			return;
		(void)nanosleep(&pause, NULL);
	}
}
