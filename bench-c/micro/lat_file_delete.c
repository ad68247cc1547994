// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: unlink() of a file that nobody has open.
 * Why: the other half of a short file's life: directory entry, inode, and if it has any, its
 * pages in the page cache.
 * Source: lmbench paper (USENIX 1996), file system latency: 1000 files in one directory.
 */
#include "bench_small_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MODE = 0600 };

struct data {
	struct bench_small_files files;
	uint64_t files_gone;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_small_files_open(state, &data->files);
}

static int make_file(struct bench_state *state, const struct bench_small_files *files,
		     const char *name)
{
	int fd = openat(files->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return bench_fail(state, "open: %s", strerror(errno));
	ssize_t written = write(fd, files->content, files->bytes);
	int error = written == (ssize_t)files->bytes
			    ? BENCH_OK
			    : bench_fail(state, "write: %s", strerror(errno));
	(void)close(fd);
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_small_files *files = &data->files;

	int error = bench_small_files_prepare(state, files, iterations);
	for (uint64_t i = 0; i < iterations * files->files && error == 0; i++)
		error = make_file(state, files, files->names.name[i]);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const struct bench_small_files *files = &data->files;
	uint64_t count = iterations * files->files;

	for (uint64_t i = 0; i < count; i++) {
		if (unlinkat(files->directory, files->names.name[i], 0) != 0)
			return bench_fail(state, "unlink: %s", strerror(errno));
		data->files_gone++;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const struct bench_small_files *files = &data->files;

	for (uint64_t i = 0; i < iterations * files->files; i++)
		if (faccessat(files->directory, files->names.name[i], F_OK, 0) == 0)
			return bench_fail(state, "work proof failed: file %s is still there",
					  files->names.name[i]);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->files_gone;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_small_files_close(&data->files);
}

static const struct bench_parameter parameters[] = {BENCH_SMALL_FILES_PARAMETERS, {0}};

static const struct bench lat_file_delete = {
	.name = "lat_file_delete",
	.summary = "delete a file of some bytes from a directory of up to 1000",
	.doc = "Times unlinkat() of each of 1000 files with short names (a, b, ... aa, ab, ...) in one\n"
	       "directory, in the order in which they were made; at the end it is empty. They are made\n"
	       "before each run, not timed, and never synced: their data is in the page cache only, and\n"
	       "dropping it is part of the figure. The figure is the CPU time of the file system, unless\n"
	       "that writes directories at once. Where the file system can put directories apart (ext4),\n"
	       "each second of the run has its own, as for lat_file_create. Work proof: each call must\n"
	       "succeed, and afterwards none of the names is there.\n"
	       "Idea: lmbench paper, file system latency; see lat_file_create.",
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
BENCH_REGISTER(lat_file_delete);
