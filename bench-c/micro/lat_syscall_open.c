// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: openat() of an absolute path and close() of the descriptor.
 * Why: path lookup, a new open file, the permission checks of the security modules, a place in
 * the descriptor table, and all of it taken back.
 * Source: the simple open/close of the lmbench programs; open(2), close(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	struct bench_calls calls;
	char path[BENCH_PATH_SIZE];
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_subject(state, data->path);
}

static int open_and_close(struct bench_state *state, const char *path)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);

	if (fd < 0)
		return bench_fail(state, "openat: %s", strerror(errno));
	if (syscall(SYS_close, fd) != 0)
		return bench_fail(state, "close: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int error = open_and_close(state, data->path);
		if (error != 0)
			return error;
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {BENCH_SUBJECT_PARAMETER, {0}};

static const struct bench lat_syscall_open = {
	.name = "lat_syscall_open",
	.summary = "open a file and close it",
	.doc = "Times syscall(SYS_openat) for reading and syscall(SYS_close), as one operation. All names\n"
	       "are in the dentry cache: it is path lookup, a struct file from the allocator, a free\n"
	       "descriptor, the security modules' say, and the way back, which frees the struct file.\n"
	       "The file is a new empty one in the directory for scratch files, four names deep\n"
	       "(/var/tmp/kbench-XXXXXX/file-XXXXXX), unless `path` names another: depth, file system and\n"
	       "symbolic links decide, so compare like with like.\n"
	       "Work proof: each openat() gives a descriptor and each close() of it succeeds; left open, the\n"
	       "descriptors would soon run out. Idea: the simple open/close of the lmbench programs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_open);
