// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: unlink() of a file that nobody has open.
 * Why: the other half of a short file's life: directory entry, inode, and if it has any, its
 * pages in the page cache.
 * Source: lmbench paper (USENIX 1996), file system latency: 1000 files in one directory.
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 1000, FILES_MAX = 100000, FILE_MODE = 0600 };

struct data {
	int directory;
	struct bench_names names;
	size_t bytes;
	char *content;
	size_t files; /* of one iteration */
	uint64_t files_gone;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->directory = -1;
	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->files = (size_t)bench_value(state, "files");
	bench_set_operations_per_iteration(state, data->files);
	data->content = calloc(1, data->bytes + 1);
	if (data->content == NULL)
		return bench_fail(state, "no memory for %zu bytes", data->bytes);
	memset(data->content, 'k', data->bytes);
	data->directory = bench_file_directory(state);
	return data->directory < 0 ? BENCH_ERROR : BENCH_OK;
}

static int make_file(struct bench_state *state, const struct data *data, const char *name)
{
	int fd = openat(data->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return bench_fail(state, "open: %s", strerror(errno));
	ssize_t written = write(fd, data->content, data->bytes);
	int error = written == (ssize_t)data->bytes
			    ? BENCH_OK
			    : bench_fail(state, "write: %s", strerror(errno));
	(void)close(fd);
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t count = iterations * data->files;

	int error = bench_names_grow(state, &data->names, count);
	for (uint64_t i = 0; i < count && error == 0; i++)
		error = make_file(state, data, data->names.name[i]);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t count = iterations * data->files;
	uint64_t gone = 0;

	for (uint64_t i = 0; i < count; i++)
		gone += unlinkat(data->directory, data->names.name[i], 0) == 0;
	data->files_gone += gone;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations * data->files; i++)
		if (faccessat(data->directory, data->names.name[i], F_OK, 0) == 0)
			return bench_fail(state, "work proof failed: file %s is still there",
					  data->names.name[i]);
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

	bench_names_free(&data->names);
	free(data->content);
	if (data->directory > 0)
		(void)close(data->directory);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of each file; the paper's program has 0, 1k, 4k and 10k",
	 .max = 1 << 20},
	{.name = "files",
	 .about = "files in the directory at first, for slow file systems fewer",
	 .value = FILES,
	 .min = 1,
	 .max = FILES_MAX},
	{0},
};

static const struct bench lat_file_delete = {
	.name = "lat_file_delete",
	.summary = "delete a file of some bytes from a directory of up to 1000",
	.doc = "Times unlinkat() of each of 1000 files with short names (a, b, ... aa, ab, ...) in one\n"
	       "directory, in the order in which they were made; at the end it is empty. They are made\n"
	       "before each run, not timed, and never synced: their data is in the page cache only, and\n"
	       "dropping it is part of the figure. The figure is the CPU time of the file system, unless\n"
	       "that writes directories at once. Work proof: each call must succeed, and afterwards\n"
	       "none of the names is there.\n"
	       "Idea: lmbench paper, file system latency; see lat_file_create.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
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
