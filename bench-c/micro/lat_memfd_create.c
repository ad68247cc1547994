// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: memfd_create() and close() of the empty file that it makes.
 * Why: the cheapest making of a file: inode, entry and open file, without a directory or a
 * disk, so a floor for all that create files.
 * Source: memfd_create(2); beside lmbench's file creation.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct data {
	uint64_t pairs;
};

static int setup(struct bench_state *state)
{
	int fd = memfd_create("kbench", MFD_CLOEXEC);

	if (fd >= 0 && close(fd) == 0)
		return BENCH_OK;
	if (errno == ENOSYS)
		return bench_skip(state, "no memfd_create: needs CONFIG_MEMFD_CREATE");
	return bench_fail(state, "memfd_create: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t pairs = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		int fd = memfd_create("kbench", MFD_CLOEXEC);
		pairs += fd >= 0 && close(fd) == 0;
	}
	data->pairs += pairs;
	return pairs == iterations ? BENCH_OK
				   : bench_fail(state, "memfd_create: %s", strerror(errno));
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->pairs;
}

static const struct bench lat_memfd_create = {
	.name = "lat_memfd_create",
	.summary = "make an empty memory file and close it",
	.doc = "Times memfd_create() with MFD_CLOEXEC and close() of what it made, per pair. The\n"
	       "file stays empty, so no page is allocated: the figure is an inode, a directory entry\n"
	       "without a directory, an open file and a descriptor, made and freed again. Part of\n"
	       "the freeing is left to a grace period and to work that the task does when it returns\n"
	       "from close(), which is timed too. No file system on a disk takes part, so it is a\n"
	       "floor for what creates files. Work proof: each call must give a descriptor, and\n"
	       "each of them must close without an error.\n"
	       "Idea: memfd_create(2), beside lmbench's file creation.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_memfd_create);
