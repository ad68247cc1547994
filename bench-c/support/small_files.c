// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ext4 without a journal takes no inode again within minutes after its file was deleted, unless
 * that was in the current second. A new file then costs a search past all that were deleted
 * since: milliseconds, not the microseconds of making it. So each second gets a directory of its
 * own, and the file system is asked to put each where others are not.
 */
#include "bench_pages.h"
#include "bench_small_files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FIRST_PLACES = 64, SECOND_NS = 1000000000, LATE_NS = 950000000 };

/* Whether new directories will be put apart. Only ext4 knows the flag. */
static bool ask_to_spread(const char *parent)
{
	int flags = 0;
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool spread = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
	flags |= FS_TOPDIR_FL;
	spread = spread && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
	(void)close(fd);
	return spread;
}

static int change_directory(struct bench_state *state, struct bench_small_files *files)
{
	if (files->directory >= 0)
		(void)close(files->directory);
	files->directory = bench_file_directory(state);
	return files->directory < 0 ? BENCH_ERROR : BENCH_OK;
}

/* Places follow one another in the same order each time: a run begins somewhere in it, out of
 * the way of what the runs before have deleted. */
static int choose_first_place(struct bench_state *state, struct bench_small_files *files)
{
	struct timespec now = {0};
	int error = BENCH_OK;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (long i = now.tv_nsec % FIRST_PLACES; i > 0 && error == 0; i--)
		error = change_directory(state, files);
	return error;
}

int bench_small_files_open(struct bench_state *state, struct bench_small_files *files)
{
	files->directory = -1;
	files->bytes = (size_t)bench_value(state, "size_bytes");
	files->files = (size_t)bench_value(state, "files");
	bench_set_operations_per_iteration(state, files->files);
	int error = bench_memory_check(state, files->files * (files->bytes + bench_page_bytes()));
	if (error != 0)
		return error;
	files->content = malloc(files->bytes + 1);
	if (files->content == NULL)
		return bench_fail(state, "no memory for %zu bytes", files->bytes);
	memset(files->content, 'k', files->bytes + 1);
	const char *parent = bench_directory(state);
	if (parent == NULL)
		return BENCH_ERROR;
	files->spread = ask_to_spread(parent);
	error = files->spread ? choose_first_place(state, files) : BENCH_OK;
	return error != 0 ? error : change_directory(state, files);
}

void bench_small_files_close(struct bench_small_files *files)
{
	bench_names_free(&files->names);
	free(files->content);
	if (files->directory > 0) /* 0: setup did not come so far */
		(void)close(files->directory);
}

/* A run that would go on into the next second waits for it. */
static int use_directory_of_second(struct bench_state *state, struct bench_small_files *files)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_nsec >= LATE_NS) {
		const struct timespec rest = {.tv_nsec = SECOND_NS - now.tv_nsec};
		(void)nanosleep(&rest, NULL);
		(void)clock_gettime(CLOCK_REALTIME, &now);
	}
	if (now.tv_sec == files->second)
		return BENCH_OK;
	files->second = now.tv_sec;
	return change_directory(state, files);
}

int bench_small_files_prepare(struct bench_state *state, struct bench_small_files *files,
			      uint64_t iterations)
{
	int error = bench_names_grow(state, &files->names, iterations * files->files);

	if (error == 0 && files->spread)
		error = use_directory_of_second(state, files);
	return error;
}
