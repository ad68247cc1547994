// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: link(): one more name for a file.
 * Why: a directory entry and a count, without a new inode: lat_file_create less this is what the
 * inode costs.
 * Source: link(2); the link tests of old Unix benchmarks; file system latency in the lmbench
 * paper (USENIX 1996).
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 4096, FILE_MODE = 0600 };

static const char original[] = "original";

struct data {
	int directory;
	struct bench_names names;
	uint64_t links_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->directory = bench_file_directory(state);
	if (data->directory < 0)
		return BENCH_ERROR;
	int fd = openat(data->directory, original, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			FILE_MODE);
	if (fd < 0)
		return bench_fail(state, "open: %s", strerror(errno));
	(void)close(fd);
	if (linkat(data->directory, original, data->directory, "a", 0) != 0)
		return bench_skip(state,
				  "the file system has no links (%s); --directory on another "
				  "would do",
				  strerror(errno));
	(void)unlinkat(data->directory, "a", 0);
	return BENCH_OK;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return bench_names_grow(state, &data->names, iterations);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int directory = data->directory;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += linkat(directory, original, directory, data->names.name[i], 0) == 0;
	data->links_right += right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	struct stat stat = {0};

	if (fstatat(data->directory, original, &stat, 0) != 0 || stat.st_nlink != iterations + 1)
		return bench_fail(state, "work proof failed: %llu links, not %llu",
				  (unsigned long long)stat.st_nlink,
				  (unsigned long long)iterations + 1);
	for (uint64_t i = 0; i < iterations; i++)
		if (unlinkat(data->directory, data->names.name[i], 0) != 0)
			return bench_fail(state, "unlink: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->links_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_names_free(&data->names);
	if (data->directory > 0)
		(void)close(data->directory);
}

static const struct bench lat_link = {
	.name = "lat_link",
	.summary = "give a file one more name",
	.doc = "Times linkat(): new short names (a, b, ... aa, ab, ...) for one empty file, in its own\n"
	       "directory. The names are removed after each run, not timed, so a directory holds as many\n"
	       "as a run makes, at most 4096. Nothing is synced. Work proof: each call must succeed, and\n"
	       "after each run the file's count of links is the number of calls and one.\n"
	       "Idea: the link tests of old Unix benchmark suites, which time pairs of link and unlink;\n"
	       "here lat_file_delete has the other half.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.iterations_max = LINKS_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_link);
