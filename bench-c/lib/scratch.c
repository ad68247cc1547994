// SPDX-License-Identifier: GPL-2.0-or-later
/* Scratch files and shared memory of a benchmark. */
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DIRECTORIES_OPEN_MAX = 16 };

static const char *where(void)
{
	const char *temporary = getenv("TMPDIR");

	return temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp";
}

const char *bench_directory(struct bench_state *state)
{
	struct result *result = state->result;

	if (result->directory[0] != '\0')
		return result->directory;
	int length = snprintf(result->directory, DIRECTORY_SIZE, "%s/kbench-XXXXXX", where());
	if (length < DIRECTORY_SIZE && mkdtemp(result->directory) != NULL)
		return result->directory;
	int error = length < DIRECTORY_SIZE ? errno : ENAMETOOLONG;
	result->directory[0] = '\0';
	(void)bench_fail(state, "cannot make a directory in %s: %s", where(), strerror(error));
	return NULL;
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(struct result *result)
{
	if (result->directory[0] == '\0')
		return;
	if (nftw(result->directory, remove_entry, DIRECTORIES_OPEN_MAX,
		 FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		result_explain(result, "cannot remove %s: %s", result->directory, strerror(errno));
	result->directory[0] = '\0';
}

void *bench_shared(struct bench_state *state, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	(void)bench_fail(state, "cannot map %zu shared bytes: %s", size, strerror(errno));
	return NULL;
}
