// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fstat() of an open file.
 * Why: what is known of an inode, copied to the user, without path lookup: set against
 * lat_syscall_stat it shows what the lookup costs.
 * Source: the simple fstat of the lmbench programs; fstat(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	char path[BENCH_PATH_SIZE];
	int fd;
	uint64_t inode;
	uint64_t answered;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct stat facts;

	int error = bench_subject(state, data->path);
	if (error == 0 && stat(data->path, &facts) != 0)
		error = bench_fail(state, "stat: %s", strerror(errno));
	if (error != 0)
		return error;
	data->inode = facts.st_ino;
	data->fd = open(data->path, O_RDONLY | O_CLOEXEC);
	return data->fd >= 0 ? BENCH_OK : bench_fail(state, "open: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const int fd = data->fd;
	struct stat facts = {0};
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_fstat, fd, &facts) != 0)
			return bench_fail(state, "fstat: %s", strerror(errno));
		answered++;
	}
	if (iterations > 0 && facts.st_ino != data->inode)
		return bench_fail(state, "fstat told of another file");
	data->answered += answered;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->answered;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->fd > 0) /* 0: setup did not come so far */
		(void)close(data->fd);
}

static const struct bench_parameter parameters[] = {BENCH_SUBJECT_PARAMETER, {0}};

static const struct bench lat_syscall_fstat = {
	.name = "lat_syscall_fstat",
	.summary = "tell about an open file",
	.doc = "Times syscall(SYS_fstat) of an open regular file: kernel entry, the open file behind the\n"
	       "descriptor, its inode's attributes, the copy of 144 bytes to the user. There is no path to look\n"
	       "up; lat_syscall_stat less this is the lookup. The libc's fstat() may call newfstatat() with\n"
	       "an empty path instead, which takes longer on kernels before 6.10.\n"
	       "The file is a new empty one in the directory for scratch files, four names deep\n"
	       "(/var/tmp/kbench-XXXXXX/file-XXXXXX), unless `path` names another: depth, file system and\n"
	       "symbolic links decide, so compare like with like.\n"
	       "Work proof: each call answers 0, and the last one tells the inode that stat() told.\n"
	       "Idea: the simple fstat of the lmbench programs.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_syscall_fstat);
