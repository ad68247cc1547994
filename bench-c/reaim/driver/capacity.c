// SPDX-License-Identifier: GPL-2.0-or-later
#include "capacity.h"

#include "board.h"
#include "child.h"
#include "complain.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	PROCESSES_PER_USER = 2,		  /* itself and a helper or a script */
	SPARE_PROCESSES = 4,		  /* the monitor and what it starts */
	KERNEL_BYTES_PER_USER = 96 << 10, /* stacks, page tables, task structure of both */
	DESCRIPTORS = 64 /* files, signals, a pass, and the deepest tree's levels */
};

struct need capacity_need(size_t users, const struct workfile *workfile, const struct plan *plan)
{
	return (struct need){
		.users = users,
		.processes = users * PROCESSES_PER_USER + SPARE_PROCESSES,
		.memory_bytes = users * (child_memory(workfile, plan) + KERNEL_BYTES_PER_USER) +
				board_size(users, workfile->count),
	};
}

const char *capacity_obstacle(const struct need *need, const struct room *room)
{
	if (need->processes > room->processes)
		return "the account's limit of processes (ulimit -u)";
	if (need->processes > room->group_processes)
		return "the control group's limit of processes (pids.max)";
	if (need->memory_bytes > room->memory_bytes)
		return "the memory that is available";
	return NULL;
}

static uint64_t room_left(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

/* Threads of the account, which is what RLIMIT_NPROC counts (setrlimit(2)). */
static uint64_t threads_of(const char *pid, uid_t owner)
{
	char path[300];
	char line[256];
	unsigned uid = 0;
	bool is_owned = false;
	unsigned long threads = 0;

	(void)snprintf(path, sizeof(path), "/proc/%s/status", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Uid: %u", &uid) == 1)
			is_owned = uid == owner;
		else if (sscanf(line, "Threads: %lu", &threads) == 1)
			break;
	}
	(void)fclose(file);
	return is_owned ? threads : 0;
}

static uint64_t account_threads(void)
{
	uint64_t count = 0;
	const struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return 0;
	while ((entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			count += threads_of(entry->d_name, getuid());
	(void)closedir(proc);
	return count;
}

/* The kernel does not apply RLIMIT_NPROC to root. */
static uint64_t account_room(void)
{
	struct rlimit limit;

	if (getuid() == 0 || getrlimit(RLIMIT_NPROC, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return room_left(limit.rlim_cur, account_threads());
}

static bool read_number(const char *path, const char *format, uint64_t *number)
{
	char line[256];
	bool found = false;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		size_t length = strlen(format);
		if (strncmp(line, format, length) != 0)
			continue;
		char *end = NULL;
		*number = strtoull(line + length, &end, 10);
		found = end != line + length;
	}
	(void)fclose(file);
	return found;
}

/* cgroup v2; "max" and other hierarchies: no limit that could be read here. */
static uint64_t group_room(void)
{
	char line[512];
	char path[640];
	uint64_t limit = 0;
	uint64_t used = 0;
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (file == NULL)
		return UINT64_MAX;
	const char *got = fgets(line, sizeof(line), file);
	(void)fclose(file);
	if (got == NULL || strncmp(line, "0::", 3) != 0)
		return UINT64_MAX;
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/pids.max", line + 3);
	if (!read_number(path, "", &limit))
		return UINT64_MAX;
	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/pids.current", line + 3);
	return read_number(path, "", &used) ? room_left(limit, used) : UINT64_MAX;
}

static uint64_t memory_room(void)
{
	uint64_t kib = 0;

	return read_number("/proc/meminfo", "MemAvailable:", &kib) ? kib << 10 : UINT64_MAX;
}

int capacity_check(size_t users, const struct workfile *workfile, const struct plan *plan)
{
	struct need need = capacity_need(users, workfile, plan);
	struct room room = {account_room(), group_room(), memory_room()};
	const char *obstacle = capacity_obstacle(&need, &room);

	if (obstacle == NULL)
		return EXIT_DONE;
	return complain(EXIT_FAILED,
			"%zu users are too many for %s: they need %" PRIu64
			" processes and %" PRIu64 " MiB; set a lower --endusers",
			users, obstacle, need.processes, need.memory_bytes >> 20);
}

int capacity_check_descriptors(const struct settings *settings)
{
	struct rlimit limit;
	size_t need = DESCRIPTORS + settings->directory_count;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return EXIT_DONE;
	return complain(EXIT_FAILED,
			"a run needs %zu file descriptors, the limit (ulimit -n) is %ju", need,
			(uintmax_t)limit.rlim_cur);
}
