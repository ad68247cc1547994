// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: mkdir() of a cgroup and rmdir() of it.
 * Why: each container, unit and login makes one; with the controllers that are on it is many
 * allocations and the global lock of cgroups.
 * Source: cgroups(7).
 */
#include "bench_process.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct data {
	struct bench_cgroup cgroup;
	uint64_t pairs;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error = bench_cgroup_name(state, &data->cgroup, "-create");

	if (error == 0)
		error = bench_cgroup_make(state, &data->cgroup);
	if (error == 0 && rmdir(data->cgroup.path) != 0)
		error = bench_fail(state, "rmdir %s: %s", data->cgroup.path, strerror(errno));
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const char *path = data->cgroup.path;

	for (uint64_t i = 0; i < iterations; i++) {
		if (mkdir(path, 0755) != 0)
			return bench_fail(state, "mkdir %s: %s", path, strerror(errno));
		if (rmdir(path) != 0)
			return bench_fail(state, "rmdir %s: %s", path, strerror(errno));
		data->pairs++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->pairs;
}

static const struct bench lat_cgroup_create = {
	.name = "lat_cgroup_create",
	.summary = "make a cgroup and remove it",
	.doc = "Times mkdir() of a cgroup in the one that the process is in, in the unified hierarchy,\n"
	       "and rmdir() of it while it is empty. The kernel allocates its state, that of the\n"
	       "controllers which the parent hands down, and a directory with its files, all under one\n"
	       "global lock. Which controllers those are decides the figure, so compare kernels on one\n"
	       "image only. The memory is freed later, by work queues after RCU grace periods: on a\n"
	       "machine with one CPU they take time from the next operations, hence the median. Needs\n"
	       "a cgroup that may be written to, which root and delegated sessions have. Work proof:\n"
	       "only pairs of which both calls succeeded count, and neither succeeds twice in a row,\n"
	       "as the name is always the same.\n"
	       "Idea: cgroups(7); no peer has it.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 20,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_cgroup_create);
