// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: getcwd() of a directory two names below the root.
 * Why: the opposite of path lookup: from a dentry up to the root, names copied in reverse under a
 * sequence lock, and the string to the user.
 * Source: the system call of system measurement reports beside getpid(); getcwd(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	struct bench_calls calls;
	long length; /* with the end of the string */
	char directory[PATH_MAX];
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	const char *scratch = bench_directory(state);

	if (scratch == NULL)
		return BENCH_ERROR;
	if (chdir(scratch) != 0)
		return bench_fail(state, "chdir: %s", strerror(errno));
	if (realpath(scratch, data->directory) == NULL)
		return bench_fail(state, "realpath: %s", strerror(errno));
	data->length = (long)strlen(data->directory) + 1;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const long length = data->length;
	char directory[PATH_MAX] = "";
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_getcwd, directory, sizeof(directory)) != length)
			return bench_fail(state, "getcwd: %s", strerror(errno));
		answered++;
	}
	if (iterations > 0 && strcmp(directory, data->directory) != 0)
		return bench_fail(state, "getcwd gave another directory");
	data->calls.answered += answered;
	return BENCH_OK;
}

static void teardown(struct bench_state *state)
{
	(void)state;
	if (chdir("/") != 0) /* the directory is about to be removed: do not stay in it */
		return;
}

static const struct bench lat_syscall_getcwd = {
	.name = "lat_syscall_getcwd",
	.summary = "ask for the path of the current directory",
	.doc = "Times syscall(SYS_getcwd) in a new directory for scratch files (/var/tmp/kbench-XXXXXX unless\n"
	       "$TMPDIR says otherwise): kernel entry, the walk from the directory's dentry up to the root of\n"
	       "the process, and the copy of the path to the user. The libc's getcwd() adds no cache, only a\n"
	       "check. Work proof: each answer is the length of the path, and the last one is the path that\n"
	       "realpath() found by walking it down.\n"
	       "Idea: system measurement reports, which use getcwd() because a libc once cached getpid().",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_syscall_getcwd);
