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

typedef uint64_t loop_fn(int fd, uint64_t iterations, uint64_t *answered);

struct data {
	struct bench_calls calls;
	loop_fn *loop;
	char path[BENCH_PATH_SIZE];
	uint64_t inode;
};

static const char *const calls[] = {"fstat", "newfstatat", NULL};

/* The inode that the last call told, or 0 after a failure. */
static uint64_t loop_fstat(int fd, uint64_t iterations, uint64_t *answered)
{
	struct stat facts = {0};

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_fstat, fd, &facts) != 0)
			return 0;
		++*answered;
	}
	return facts.st_ino;
}

static uint64_t loop_newfstatat(int fd, uint64_t iterations, uint64_t *answered)
{
	struct stat facts = {0};

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_newfstatat, fd, "", &facts, AT_EMPTY_PATH) != 0)
			return 0;
		++*answered;
	}
	return facts.st_ino;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->loop = bench_value(state, "call") == 0 ? loop_fstat : loop_newfstatat;
	int error = bench_subject_inode(state, data->path, &data->inode);
	if (error != 0)
		return error;
	data->calls.fd = open(data->path, O_RDONLY | O_CLOEXEC);
	return data->calls.fd >= 0 ? BENCH_OK : bench_fail(state, "open: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	errno = 0;
	uint64_t inode = data->loop(data->calls.fd, iterations, &data->calls.answered);
	if (inode == data->inode)
		return BENCH_OK;
	return bench_fail(state, "the call told of another file, or failed: %s", strerror(errno));
}

static const struct bench_parameter parameters[] = {
	{.name = "call", .about = "the system call", .words = calls},
	BENCH_SUBJECT_PARAMETER,
	{0},
};

static const struct bench lat_syscall_fstat = {
	.name = "lat_syscall_fstat",
	.summary = "tell about an open file",
	.doc = "Times syscall(SYS_fstat) of an open regular file: kernel entry, the open file behind the\n"
	       "descriptor, its inode's attributes, the copy of 144 bytes to the user. There is no path to\n"
	       "look up; lat_syscall_stat less this is the lookup. call=newfstatat asks the same by an\n"
	       "empty path, which the kernel has to read first: it is what fstat() of some libcs\n"
	       "is (glibc 2.36), so compare programs that call the libc with that one.\n"
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
	.work = bench_calls_work,
	.teardown = bench_calls_teardown,
};
BENCH_REGISTER(lat_syscall_fstat);
