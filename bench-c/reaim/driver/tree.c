// SPDX-License-Identifier: GPL-2.0-or-later
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_TOPS = 4, TREE_BRANCHES = 4, TREE_LEAVES = 5 }; /* 4 + 16 + 80 names */

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int remove_content(int folder, const char *name)
{
	int error = 0;
	const struct dirent *entry;
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && fchmodat(folder, name, 0700, 0) == 0)
		fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	DIR *directory = fdopendir(fd);
	if (directory == NULL) {
		error = errno;
		(void)close(fd);
		return error;
	}
	while ((entry = readdir(directory)) != NULL)
		if (!is_dot(entry->d_name) && tree_remove(fd, entry->d_name) != 0 && error == 0)
			error = errno;
	(void)closedir(directory);
	return error;
}

int tree_remove(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	int error = remove_content(folder, name);
	if (unlinkat(folder, name, AT_REMOVEDIR) != 0 && error == 0)
		error = errno;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int make_leaf(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	return close(fd);
}

int tree_make(const char *path)
{
	char name[4096];

	if (mkdir(path, 0700) != 0)
		return -1;
	for (int top = 0; top < TREE_TOPS; top++) {
		(void)snprintf(name, sizeof(name), "%s/part%d", path, top);
		if (mkdir(name, 0700) != 0)
			return -1;
		for (int branch = 0; branch < TREE_BRANCHES; branch++) {
			(void)snprintf(name, sizeof(name), "%s/part%d/section%d", path, top,
				       branch);
			if (mkdir(name, 0700) != 0)
				return -1;
			for (int leaf = 0; leaf < TREE_LEAVES; leaf++) {
				(void)snprintf(name, sizeof(name), "%s/part%d/section%d/unit%d.c",
					       path, top, branch, leaf);
				if (make_leaf(name) != 0)
					return -1;
			}
		}
	}
	return 0;
}
