// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: openat2() of an absolute path, with a restriction on its resolution, and close().
 * Why: openat2() copies an extensible structure from the user, and its restrictions change how
 * the path is walked: what safety costs beside lat_syscall_open.
 * Source: openat2(2); the simple open/close of the lmbench programs, extended.
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	struct bench_calls calls;
	char path[BENCH_PATH_SIZE];
	struct open_how how;
};

static const char *const resolutions[] = {"any",     "no_symlinks", "no_magiclinks",
					  "no_xdev", "cached",	    NULL};

static int setup(struct bench_state *state)
{
	static const uint64_t flags[] = {0, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS,
					 RESOLVE_NO_XDEV, RESOLVE_CACHED};
	struct data *data = bench_data(state);
	int64_t resolve = bench_value(state, "resolve");

	int error = bench_subject(state, data->path);
	if (error != 0)
		return error;
	data->how = (struct open_how){.flags = O_RDONLY, .resolve = flags[resolve]};
	long fd = syscall(SYS_openat2, AT_FDCWD, data->path, &data->how, sizeof(data->how));
	if (fd < 0)
		return bench_skip(state,
				  "needs openat2 (Linux 5.6, cached 5.12) and a path that "
				  "resolve=%s admits: %s",
				  resolutions[resolve], strerror(errno));
	(void)syscall(SYS_close, fd);
	return BENCH_OK;
}

static int open_and_close(struct bench_state *state, struct data *data)
{
	long fd = syscall(SYS_openat2, AT_FDCWD, data->path, &data->how, sizeof(data->how));

	if (fd < 0)
		return bench_fail(state, "openat2: %s", strerror(errno));
	if (syscall(SYS_close, fd) != 0)
		return bench_fail(state, "close: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int error = open_and_close(state, data);
		if (error != 0)
			return error;
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "resolve", .about = "what the path may not do", .words = resolutions},
	BENCH_SUBJECT_PARAMETER,
	{0},
};

static const struct bench lat_syscall_openat2 = {
	.name = "lat_syscall_openat2",
	.summary = "open a file under a restriction and close it",
	.doc = "Times syscall(SYS_openat2) for reading and syscall(SYS_close), as one operation, with the\n"
	       "restriction `resolve`: any (none), no_symlinks, no_magiclinks, no_xdev (no other mount), or\n"
	       "cached (nothing that would block). With any, the difference to lat_syscall_open is the copy\n"
	       "of the extensible structure from the user.\n"
	       "The file is a new empty one in the directory for scratch files, four names deep\n"
	       "(/var/tmp/kbench-XXXXXX/file-XXXXXX), unless `path` names another: depth, file system and\n"
	       "symbolic links decide, so compare like with like.\n"
	       "From the root, no_xdev needs a scratch directory on the root file system, else it is skipped.\n"
	       "Work proof: each openat2() gives a descriptor and each close() of it succeeds.\n"
	       "Idea: lat_syscall_open with the newer interface.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_openat2);
