// SPDX-License-Identifier: GPL-2.0-or-later
/* Scratch files and shared memory of a benchmark. */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIRECTORIES_OPEN_MAX = 16 };
enum { NOBODY, BEING_MADE, MADE, FAILED }; /* states of the directory */

enum { BEING_MADE_S = 60 }; /* for so long a directory may be there and not be locked yet */

#define name_prefix "kbench-run-"

static int lock_fd = -1;

static const char *where(void)
{
	const char *temporary = getenv("TMPDIR");

	return temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp";
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_all(const char *directory)
{
	return nftw(directory, remove_entry, DIRECTORIES_OPEN_MAX,
		    FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Held until the last process that uses the directory is gone, however that ends. */
static int lock(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static bool is_old_enough(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) == 0 && stat.st_uid == geteuid() &&
	       time(NULL) - stat.st_mtime > BEING_MADE_S;
}

/* What runs have left that were killed together with the program that looked after them. */
static void remove_forgotten(void)
{
	DIR *directory = opendir(where());

	for (;;) {
		char path[DIRECTORY_SIZE];
		struct dirent *entry = directory == NULL ? NULL : readdir(directory);
		if (entry == NULL)
			break;
		if (fnmatch(name_prefix "??????", entry->d_name, 0) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", where(), entry->d_name) >= DIRECTORY_SIZE)
			continue;
		int fd = lock(path);
		if (fd >= 0 && is_old_enough(fd))
			(void)remove_all(path);
		if (fd >= 0)
			(void)close(fd);
	}
	if (directory != NULL)
		(void)closedir(directory);
}

static int make_directory(struct bench_state *state)
{
	struct result *result = state->result;
	int length =
		snprintf(result->directory, DIRECTORY_SIZE, "%s/" name_prefix "XXXXXX", where());

	remove_forgotten();
	if (length < DIRECTORY_SIZE && mkdtemp(result->directory) != NULL) {
		lock_fd = lock(result->directory);
		return MADE;
	}
	int error = length < DIRECTORY_SIZE ? errno : ENAMETOOLONG;
	result->directory[0] = '\0';
	(void)bench_fail(state, "cannot make a directory in %s: %s; see --directory", where(),
			 strerror(error));
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

void scratch_remove(struct result *result)
{
	result->directory_state = NOBODY;
	if (result->directory[0] == '\0')
		return;
	if (remove_all(result->directory) != 0)
		result_explain(result, "cannot remove %s: %s", result->directory, strerror(errno));
	result->directory[0] = '\0';
	if (lock_fd >= 0)
		(void)close(lock_fd);
	lock_fd = -1;
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
