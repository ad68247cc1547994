// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a directory from its begin to its end, per entry.
 * Why: every ls, find and backup does it; the file system walks its directory and the kernel
 * copies names.
 * Source: getdents(2), readdir(3); the directory tests of old Unix benchmarks.
 */
#include "bench_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 1000, ENTRIES_MAX = 200000, DOTS = 2, BUFFER_BYTES = 32768, FILE_MODE = 0600 };

/* As getdents64() writes it, see getdents(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct data {
	int directory;
	struct bench_names names;
	_Alignas(8) char buffer[BUFFER_BYTES];
	uint64_t entries_seen;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t count = (size_t)bench_value(state, "entries");

	bench_set_operations_per_iteration(state, count);
	data->directory = bench_file_directory(state);
	if (data->directory < 0)
		return BENCH_ERROR;
	int error = bench_names_grow(state, &data->names, count);
	for (size_t i = 0; i < count && error == 0; i++) {
		int fd = openat(data->directory, data->names.name[i],
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (fd < 0)
			error = bench_fail(state, "open: %s", strerror(errno));
		else
			(void)close(fd);
	}
	return error;
}

static uint64_t count_entries(const char *buffer, long bytes)
{
	uint64_t count = 0;

	for (long at = 0; at < bytes; count++)
		at += ((const struct entry *)(const void *)(buffer + at))->length;
	return count;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int directory = data->directory;
	uint64_t seen = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (lseek(directory, 0, SEEK_SET) != 0)
			return bench_fail(state, "lseek: %s", strerror(errno));
		long got;
		do {
			got = syscall(SYS_getdents64, directory, data->buffer, BUFFER_BYTES);
			seen += count_entries(data->buffer, got);
		} while (got > 0);
		if (got < 0)
			return bench_fail(state, "getdents64: %s", strerror(errno));
	}
	data->entries_seen += seen - DOTS * iterations;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->entries_seen;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_names_free(&data->names);
	if (data->directory > 0)
		(void)close(data->directory);
}

static const struct bench_parameter parameters[] = {
	{.name = "entries",
	 .about = "empty files in the directory",
	 .value = ENTRIES,
	 .min = 1,
	 .max = ENTRIES_MAX},
	{0},
};

static const struct bench lat_readdir = {
	.name = "lat_readdir",
	.summary = "read a directory, per entry",
	.doc = "Times lseek() to the begin of an open directory and getdents64() with a buffer of 32 KiB\n"
	       "until it says that there is no more, divided by the number of files in it; \".\" and \"..\"\n"
	       "are read but not counted. The directory is cached. The system call is made directly:\n"
	       "libc's readdir() would add a call per entry. With few entries the figure is mostly the\n"
	       "system calls, with many the walk of the file system's directory and the copying of\n"
	       "names. Work proof: the entries in the answers are counted.\n"
	       "Idea: the directory tests of old Unix benchmark suites.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_readdir);
