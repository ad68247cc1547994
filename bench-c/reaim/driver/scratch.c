// SPDX-License-Identifier: GPL-2.0-or-later
#include "scratch.h"

#include "complain.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "reaim-run.";
static const char lock_name[] = ".lock";

/* proc(5): start time is field 22; field 2 may hold blanks and brackets. 0: no such process. */
static unsigned long long start_time_of(long pid)
{
	char path[64];
	char line[1024];
	unsigned long long start = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	const char *got = fgets(line, sizeof(line), file);
	(void)fclose(file);
	const char *rest = got == NULL ? NULL : strrchr(line, ')');
	if (rest == NULL || sscanf(rest,
				   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
				   "%*d %*d %*d %*d %llu",
				   &start) != 1)
		return 0;
	return start;
}

static bool is_locked(int folder, const char *name)
{
	char path[NAME_MAX + sizeof(lock_name) + 1];
	bool locked = false;

	(void)snprintf(path, sizeof(path), "%s/%s", name, lock_name);
	int fd = openat(folder, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false; /* killed before it made the file, or in removing it */
	locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
	(void)close(fd);
	return locked;
}

/* Left by a run that is dead: its process is gone (or another has the number) and so is the
 * lock, which also tells runs of other process id namespaces. */
static bool is_left_over(int folder, const char *name)
{
	struct stat facts;
	long pid = 0;
	unsigned long long start = 0;
	char extra;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
	    sscanf(name + sizeof(prefix) - 1, "%ld.%llu%c", &pid, &start, &extra) != 2)
		return false;
	if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(facts.st_mode) ||
	    facts.st_uid != geteuid())
		return false;
	return start_time_of(pid) != start && !is_locked(folder, name);
}

static void remove_left_overs(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL)
		return; /* making the new directory says why */
	while ((entry = readdir(directory)) != NULL) {
		if (!is_left_over(dirfd(directory), entry->d_name))
			continue;
		warn("removing %s/%s, left by a run that was killed", path, entry->d_name);
		if (tree_remove(dirfd(directory), entry->d_name) != 0)
			warn("%s/%s: %s", path, entry->d_name, strerror(errno));
	}
	(void)closedir(directory);
}

static int create_in(struct scratch_directory *made, const char *parent)
{
	char resolved[PATH_MAX];
	char lock[SCRATCH_PATH_SIZE + sizeof(lock_name) + 1];

	if (realpath(parent, resolved) == NULL)
		return complain(EXIT_FAILED, "disk directory %s: %s", parent, strerror(errno));
	int length = snprintf(made->path, sizeof(made->path), "%s/%s%d.%llu", resolved, prefix,
			      (int)getpid(), start_time_of(getpid()));
	if (length < 0 || (size_t)length >= sizeof(made->path))
		return complain(EXIT_FAILED, "disk directory %s: the path is too long", parent);
	if (mkdir(made->path, 0700) != 0)
		return complain(EXIT_FAILED, "disk directory %s: %s", parent, strerror(errno));
	(void)snprintf(lock, sizeof(lock), "%s/%s", made->path, lock_name);
	made->lock_fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (made->lock_fd < 0 || flock(made->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return complain(EXIT_FAILED, "%s: %s", lock, strerror(errno));
	return EXIT_DONE;
}

int scratch_create(struct scratch *scratch, const struct settings *settings)
{
	static const char *const here[] = {"."};
	const char *const *parents = settings->directory_count == 0 ? here : settings->directories;
	size_t count = settings->directory_count == 0 ? 1 : settings->directory_count;

	*scratch = (struct scratch){0};
	for (size_t i = 0; i < count; i++) {
		remove_left_overs(parents[i]);
		scratch->directories[i].lock_fd = -1;
		int status = create_in(&scratch->directories[i], parents[i]);
		scratch->count = i + 1;
		if (status != EXIT_DONE)
			return status;
	}
	return EXIT_DONE;
}

int scratch_remove(struct scratch *scratch)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < scratch->count; i++) {
		struct scratch_directory *directory = &scratch->directories[i];
		if (directory->path[0] != '\0' && tree_remove(AT_FDCWD, directory->path) != 0 &&
		    errno != ENOENT)
			status = complain(EXIT_FAILED, "cannot remove %s: %s", directory->path,
					  strerror(errno));
		if (directory->lock_fd >= 0)
			(void)close(directory->lock_fd);
	}
	scratch->count = 0;
	return status;
}

void scratch_sync(const struct scratch *scratch)
{
	for (size_t i = 0; i < scratch->count; i++)
		if (scratch->directories[i].lock_fd >= 0)
			(void)syncfs(scratch->directories[i].lock_fd);
}
