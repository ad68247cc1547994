// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: making a file: open() with O_CREAT, write() of its bytes, close().
 * Why: mail, builds and caches make small files by the thousand; the file system's directories,
 * inodes and journal decide the cost, not the disk, unless it writes at once.
 * Source: lmbench paper (USENIX 1996), file system latency: 1000 files in one directory.
 */
#include "bench_small_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0600 };

typedef int loop_fn(struct bench_state *state, uint64_t count);

struct data {
	struct bench_small_files files;
	loop_fn *loop;
	uint64_t files_right;
};

static int create_empty(struct bench_state *state, uint64_t count)
{
	struct data *data = bench_data(state);
	const struct bench_small_files *files = &data->files;
	uint64_t right = 0;

	for (uint64_t i = 0; i < count; i++) {
		int fd = openat(files->directory, files->names.name[i],
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (fd < 0)
			return bench_fail(state, "open: %s", strerror(errno));
		right += close(fd) == 0;
	}
	data->files_right += right;
	return BENCH_OK;
}

static int create_full(struct bench_state *state, uint64_t count)
{
	struct data *data = bench_data(state);
	const struct bench_small_files *files = &data->files;
	ssize_t bytes = (ssize_t)files->bytes;
	uint64_t right = 0;

	for (uint64_t i = 0; i < count; i++) {
		int fd = openat(files->directory, files->names.name[i],
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (fd < 0)
			return bench_fail(state, "open: %s", strerror(errno));
		if (write(fd, files->content, files->bytes) != bytes) {
			int error = errno;
			(void)close(fd);
			return bench_fail(state, "write: %s", strerror(error));
		}
		right += close(fd) == 0;
	}
	data->files_right += right;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->loop = bench_value(state, "size_bytes") == 0 ? create_empty : create_full;
	return bench_small_files_open(state, &data->files);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return bench_small_files_prepare(state, &data->files, iterations);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations * data->files.files);
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const struct bench_small_files *files = &data->files;

	for (uint64_t i = 0; i < iterations * files->files; i++) {
		const char *name = files->names.name[i];
		struct stat stat;
		if (fstatat(files->directory, name, &stat, 0) != 0 ||
		    stat.st_size != (off_t)files->bytes)
			return bench_fail(state, "work proof failed: file %s is not as made", name);
		if (unlinkat(files->directory, name, 0) != 0)
			return bench_fail(state, "unlink: %s", strerror(errno));
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->files_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_small_files_close(&data->files);
}

static const struct bench_parameter parameters[] = {BENCH_SMALL_FILES_PARAMETERS, {0}};

static const struct bench lat_file_create = {
	.name = "lat_file_create",
	.summary = "make a file of some bytes in a directory of up to 1000",
	.doc = "Times openat() with O_CREAT and O_EXCL, write() of size_bytes in one call unless they are\n"
	       "0, and close(), of 1000 files with short names (a, b, ... aa, ab, ...) in one directory\n"
	       "that is empty at first. The files are removed after each run, not timed. Nothing is\n"
	       "synced: the figure is the CPU time of the file system, unless that writes directories at\n"
	       "once; data of such short-lived files seldom reach the disk. ext4 without a journal does not\n"
	       "take inodes again for minutes after a file's deletion, and searches past them: there each\n"
	       "second of the run gets a directory in another part of the disk. After many runs in a few\n"
	       "minutes the search is in the figure all the same. Work proof: each call must\n"
	       "succeed, and afterwards each file is there, with its size.\n"
	       "Idea: lmbench paper, file system latency; the sizes are those of its program. Here\n"
	       "making and deleting (lat_file_delete) are separate runs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 120,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_file_create);
