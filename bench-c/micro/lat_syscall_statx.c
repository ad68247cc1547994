// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: statx() of an absolute path that the kernel's caches hold.
 * Why: what newer programs call instead of stat(): a mask of wished facts, and a structure of 256
 * bytes that is filled field by field.
 * Source: statx(2); operating system entry of the lmbench paper (USENIX 1996) extended.
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	struct bench_calls calls;
	char path[BENCH_PATH_SIZE];
	uint64_t inode;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct statx facts;

	int error = bench_subject_inode(state, data->path, &data->inode);
	if (error == 0 &&
	    syscall(SYS_statx, AT_FDCWD, data->path, 0, STATX_BASIC_STATS, &facts) != 0)
		error = bench_skip(state, "needs statx, of Linux 4.11: %s", strerror(errno));
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const char *path = data->path;
	struct statx facts = {0};
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, &facts) != 0)
			return bench_fail(state, "statx: %s", strerror(errno));
		answered++;
	}
	if (iterations > 0 && facts.stx_ino != data->inode)
		return bench_fail(state, "statx told of another file");
	data->calls.answered += answered;
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {BENCH_SUBJECT_PARAMETER, {0}};

static const struct bench lat_syscall_statx = {
	.name = "lat_syscall_statx",
	.summary = "look up a path and tell about its file, by statx",
	.doc = "Times syscall(SYS_statx) of an absolute path, asking for the basic facts that stat() gives,\n"
	       "synchronised as stat() does. The lookup is that of lat_syscall_stat; the difference between\n"
	       "the two is the wider structure of 256 bytes and how it is filled.\n"
	       "The file is a new empty one in the directory for scratch files, four names deep\n"
	       "(/var/tmp/kbench-XXXXXX/file-XXXXXX), unless `path` names another: depth, file system and\n"
	       "symbolic links decide, so compare like with like.\n"
	       "Work proof: each call answers 0, and the last one tells the right inode.\n"
	       "Idea: lat_syscall_stat with the newer interface.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_statx);
