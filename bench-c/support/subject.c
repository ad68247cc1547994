// SPDX-License-Identifier: GPL-2.0-or-later
/* The file that benchmarks of path names look up. */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int bench_subject(struct bench_state *state, char path[BENCH_PATH_SIZE])
{
	const char *given = bench_text(state, "path");

	if (*given != '\0') {
		if (snprintf(path, BENCH_PATH_SIZE, "%s", given) >= BENCH_PATH_SIZE)
			return bench_fail(state, "the path is too long");
		if (access(path, R_OK) != 0)
			return bench_skip(state, "needs a readable file at %s: %s", path,
					  strerror(errno));
		return BENCH_OK;
	}
	const char *directory = bench_directory(state);
	if (directory == NULL)
		return BENCH_ERROR;
	/* Copies of a benchmark share the directory. */
	if (snprintf(path, BENCH_PATH_SIZE, "%s/file-XXXXXX", directory) >= BENCH_PATH_SIZE)
		return bench_fail(state, "the path is too long");
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return bench_fail(state, "cannot create %s: %s", path, strerror(errno));
	(void)close(fd);
	return BENCH_OK;
}

int bench_subject_inode(struct bench_state *state, char path[BENCH_PATH_SIZE], uint64_t *inode)
{
	struct stat facts;

	int error = bench_subject(state, path);
	if (error != 0)
		return error;
	if (stat(path, &facts) != 0)
		return bench_fail(state, "stat: %s", strerror(errno));
	*inode = facts.st_ino;
	return BENCH_OK;
}
