// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: newfstatat() of an absolute path that the kernel's caches hold.
 * Why: path lookup: parsing names, hashing them, walking the dentry cache under RCU, checking
 * permissions at each step, and copying what is known of the inode to the user.
 * Source: the simple stat of the lmbench programs; stat(2), path_resolution(7).
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

	return bench_subject_inode(state, data->path, &data->inode);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const char *path = data->path;
	struct stat facts = {0};
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_newfstatat, AT_FDCWD, path, &facts, 0) != 0)
			return bench_fail(state, "newfstatat: %s", strerror(errno));
		answered++;
	}
	if (iterations > 0 && facts.st_ino != data->inode)
		return bench_fail(state, "newfstatat told of another file");
	data->calls.answered += answered;
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {BENCH_SUBJECT_PARAMETER, {0}};

static const struct bench lat_syscall_stat = {
	.name = "lat_syscall_stat",
	.summary = "look up a path and tell about its file",
	.doc = "Times syscall(SYS_newfstatat), what stat() is today, of an absolute path. All names are in\n"
	       "the dentry cache, so no file system reads a disk: it is path lookup and the copy of 144\n"
	       "bytes to the user.\n"
	       "The file is a new empty one in the directory for scratch files, four names deep\n"
	       "(/var/tmp/kbench-XXXXXX/file-XXXXXX), unless `path` names another: depth, file system and\n"
	       "symbolic links decide, so compare like with like.\n"
	       "What lat_syscall_fstat takes is all of it but the lookup. Work proof: each call answers 0,\n"
	       "and the last one tells the right inode. Idea: the simple stat of the lmbench programs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_stat);
