// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: rename() of a file within its directory.
 * Why: the last step of every safe replacement of a file: two directory entries change as one.
 * Source: rename(2); beside file system latency in the lmbench paper (USENIX 1996).
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RENAMES_PER_ITERATION = 2, FILE_MODE = 0600 };

static const char one[] = "one";
static const char other[] = "other";

struct data {
	int directory;
	ino_t inode;
	uint64_t renames_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct stat stat;

	data->directory = bench_file_directory(state);
	if (data->directory < 0)
		return BENCH_ERROR;
	int fd = openat(data->directory, one, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return bench_fail(state, "open: %s", strerror(errno));
	int error =
		fstat(fd, &stat) == 0 ? BENCH_OK : bench_fail(state, "fstat: %s", strerror(errno));
	data->inode = stat.st_ino;
	(void)close(fd);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int directory = data->directory;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		right += renameat(directory, one, directory, other) == 0;
		right += renameat(directory, other, directory, one) == 0;
	}
	data->renames_right += right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	struct stat stat;

	(void)iterations;
	if (fstatat(data->directory, one, &stat, 0) == 0 && stat.st_ino == data->inode &&
	    faccessat(data->directory, other, F_OK, 0) != 0)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: the file has not its first name again");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->renames_right;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->directory > 0)
		(void)close(data->directory);
}

static const struct bench lat_rename = {
	.name = "lat_rename",
	.summary = "rename a file within its directory",
	.doc = "Times renameat() of the only file of a directory, to another name there and back, an\n"
	       "operation being one call. The new name is free each time: nothing is replaced. The path\n"
	       "is a single name, looked up from an open directory, so the search of a path is hardly in\n"
	       "the figure; journal and directory of the file system are. Nothing is synced. Work proof:\n"
	       "each call must succeed, which it can only if the one before did, and after each run the\n"
	       "same inode has its first name.\n"
	       "Idea: this program's own, beside file system latency in the lmbench paper.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.operations_per_iteration = RENAMES_PER_ITERATION,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_rename);
