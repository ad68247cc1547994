// SPDX-License-Identifier: GPL-2.0-or-later
/* Scratch files and shared memory of a benchmark. */
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { DIRECTORIES_OPEN_MAX = 16 };
enum { NOBODY, BEING_MADE, MADE, FAILED }; /* states of the directory */

static const char *where(void)
{
	const char *temporary = getenv("TMPDIR");

	return temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp";
}

static int make_directory(struct bench_state *state)
{
	struct result *result = state->result;
	int length = snprintf(result->directory, DIRECTORY_SIZE, "%s/kbench-XXXXXX", where());

	if (length < DIRECTORY_SIZE && mkdtemp(result->directory) != NULL)
		return MADE;
	int error = length < DIRECTORY_SIZE ? errno : ENAMETOOLONG;
	result->directory[0] = '\0';
	(void)bench_fail(state, "cannot make a directory in %s: %s", where(), strerror(error));
	return FAILED;
}

/* Copies of a benchmark come here at the same time, with the result between them: the first
 * makes the directory and the others wait for it. */
const char *bench_directory(struct bench_state *state)
{
	const struct timespec pause = {.tv_nsec = 100000};
	int *made = &state->result->directory_state;
	int nobody = NOBODY;

	if (__atomic_compare_exchange_n(made, &nobody, BEING_MADE, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		__atomic_store_n(made, make_directory(state), __ATOMIC_RELEASE);
	while (__atomic_load_n(made, __ATOMIC_ACQUIRE) == BEING_MADE)
		(void)nanosleep(&pause, NULL);
	return __atomic_load_n(made, __ATOMIC_ACQUIRE) == MADE ? state->result->directory : NULL;
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
	result->directory_state = NOBODY;
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
