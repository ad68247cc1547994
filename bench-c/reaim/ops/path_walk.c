// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths of up to 24 components, resolved again and again: names that exist, at each depth, and
 * one that does not.
 * Source: openat(2), stat(2), path_resolution(7); Documentation/filesystems/path-lookup.rst of
 * the kernel.
 */
#include "reaim_op.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 24, ROUNDS = 40, LOOKUPS = DEPTH + 2, PATH_BYTES = 512, BASE_BYTES = 4096 };

struct data {
	int base;
	unsigned int made; /* directories below the base */
	ino_t inodes[DEPTH];
	char path[PATH_BYTES];	 /* of the deepest directory, from the base */
	char absent[PATH_BYTES]; /* of a name in it that does not exist */
	size_t ends[DEPTH];	 /* length of the path at each depth */
	char base_path[BASE_BYTES];
};

static int make_level(struct reaim_job *job, struct data *data, unsigned int depth)
{
	struct stat facts;
	size_t length = strlen(data->path);

	(void)snprintf(data->path + length, sizeof(data->path) - length, "%slevel_%02u",
		       depth == 0 ? "" : "/", depth);
	if (mkdirat(data->base, data->path, 0700) != 0)
		return reaim_fail(job, "mkdir %s, level %u: %m", data->base_path, depth);
	data->made++;
	if (fstatat(data->base, data->path, &facts, AT_SYMLINK_NOFOLLOW) != 0)
		return reaim_fail(job, "stat %s, level %u: %m", data->base_path, depth);
	data->inodes[depth] = facts.st_ino;
	data->ends[depth] = strlen(data->path);
	return REAIM_OK;
}

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	data->base = -1;
	int error = reaim_path(job, "tree", data->base_path, sizeof(data->base_path));
	if (error != REAIM_OK)
		return error;
	if (mkdir(data->base_path, 0700) != 0)
		return reaim_fail(job, "mkdir %s: %m", data->base_path);
	data->base = open(data->base_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (data->base < 0)
		return reaim_fail(job, "open %s: %m", data->base_path);
	for (unsigned int depth = 0; depth < DEPTH && error == REAIM_OK; depth++)
		error = make_level(job, data, depth);
	(void)snprintf(data->absent, sizeof(data->absent), "%.400s/absent", data->path);
	return error;
}

static void teardown(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	for (; data->made > 0; data->made--) {
		data->path[data->ends[data->made - 1]] = '\0';
		(void)unlinkat(data->base, data->path, AT_REMOVEDIR);
	}
	if (data->base >= 0)
		(void)close(data->base);
	if (data->base_path[0] != '\0')
		(void)rmdir(data->base_path);
}

static int stat_level(struct reaim_job *job, const struct data *data, unsigned int depth)
{
	char path[PATH_BYTES];
	struct stat facts;

	(void)memcpy(path, data->path, data->ends[depth]);
	path[data->ends[depth]] = '\0';
	if (fstatat(data->base, path, &facts, 0) != 0)
		return reaim_fail(job, "stat %s, level %u: %m", data->base_path, depth);
	if (facts.st_ino != data->inodes[depth])
		return reaim_fail(job, "%s, level %u, is another directory now", data->base_path,
				  depth);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int open_deepest(struct reaim_job *job, const struct data *data)
{
	struct stat facts = {0};
	int fd = openat(data->base, data->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return reaim_fail(job, "open %s, last level: %m", data->base_path);
	int failed = fstat(fd, &facts);
	if (close(fd) != 0 || failed != 0)
		return reaim_fail(job, "fstat or close of %s, last level: %m", data->base_path);
	if (facts.st_ino != data->inodes[DEPTH - 1])
		return reaim_fail(job, "%s, last level, is another directory now", data->base_path);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int miss(struct reaim_job *job, const struct data *data)
{
	struct stat facts;

	if (fstatat(data->base, data->absent, &facts, 0) == 0)
		return reaim_fail(job, "%s, last level: absent exists", data->base_path);
	if (errno != ENOENT)
		return reaim_fail(job, "stat %s, last level, absent: %m", data->base_path);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (unsigned int round = 0; round < ROUNDS && error == REAIM_OK; round++) {
		for (unsigned int depth = 0; depth < DEPTH && error == REAIM_OK; depth++)
			error = stat_level(job, data, depth);
		if (error == REAIM_OK)
			error = open_deepest(job, data);
		if (error == REAIM_OK)
			error = miss(job, data);
	}
	return error;
}

static const struct reaim_op path_walk = {
	.name = "path_walk",
	.unit = "Path Lookups",
	.doc = "Looks up each of 24 nested directories by its path, opens the deepest and asks there for "
	       "a name that does not exist, 40 times. Inodes must be those made before the pass.",
	.operations = LOOKUPS * ROUNDS,
	.work_per_job = LOOKUPS * ROUNDS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(path_walk);
