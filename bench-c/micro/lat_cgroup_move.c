// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the move of the own process to another cgroup, by a write to cgroup.procs.
 * Why: how a process gets into its container; it stops forks and exits of the whole machine
 * for a moment, which costs an RCU grace period unless the kernel favours moves.
 * Source: cgroups(7). See lat_clone3:kind=cgroup for the way without a move.
 */
#include "bench_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 2, LINE_SIZE = 4096, PAUSE_MS = 20, PAUSE_MS_MAX = 1000 };

struct data {
	struct bench_cgroup cgroups[PLACES];
	int procs[PLACES]; /* cgroup.procs of each */
	int home;	   /* and of the one to go back to */
	int membership;	   /* /proc/self/cgroup */
	struct timespec pause;
	unsigned place; /* where it is */
	uint64_t moves;
};

static int open_procs(struct bench_state *state, const char *cgroup, int *procs)
{
	char path[BENCH_PROGRAM_PATH_SIZE + 32];

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	*procs = open(path, O_WRONLY | O_CLOEXEC);
	if (*procs >= 0)
		return BENCH_OK;
	return bench_skip(state, "needs leave to write to %s: %s", path, strerror(errno));
}

/* The parent cgroup is what the process is in now. */
static int open_home(struct bench_state *state, struct data *data)
{
	char path[BENCH_PROGRAM_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s", data->cgroups[0].path);
	*strrchr(path, '/') = '\0';
	return open_procs(state, path, &data->home);
}

static int make_place(struct bench_state *state, struct data *data, int place)
{
	static const char *const suffixes[PLACES] = {"-here", "-there"};
	struct bench_cgroup cgroup = {.path = ""};

	int error = bench_cgroup_name(state, &cgroup, suffixes[place]);
	if (error == 0)
		error = bench_cgroup_make(state, &cgroup);
	if (error != 0)
		return error;
	data->cgroups[place] = cgroup; /* ours to remove */
	return open_procs(state, cgroup.path, &data->procs[place]);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error = BENCH_OK;

	int64_t pause_ms = bench_value(state, "pause_ms");

	data->home = -1;
	data->pause =
		(struct timespec){.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
	data->membership = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	if (data->membership < 0)
		return bench_skip(state, "needs /proc/self/cgroup: %s", strerror(errno));
	for (int place = 0; place < PLACES && error == 0; place++)
		error = make_place(state, data, place);
	if (error == 0)
		error = open_home(state, data);
	if (error == 0 && write(data->procs[0], "0", 1) != 1)
		error = bench_skip(state, "needs leave to move processes to %s: %s",
				   data->cgroups[0].path, strerror(errno));
	return error;
}

/* A lock that was just released is cheap to take again for the length of a grace period. */
static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	(void)iterations;
	if (data->pause.tv_sec + data->pause.tv_nsec > 0)
		(void)nanosleep(&data->pause, NULL);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		unsigned to = (data->place + 1) % PLACES;
		if (write(data->procs[to], "0", 1) != 1) /* 0: the process that writes */
			return bench_fail(state, "move: %s", strerror(errno));
		data->place = to;
		data->moves++;
	}
	return BENCH_OK;
}

/* After a batch the kernel must name the cgroup that the last move went to. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	static const char *const suffixes[PLACES] = {"-here\n", "-there\n"};
	struct data *data = bench_data(state);
	char line[LINE_SIZE];

	(void)iterations;
	ssize_t got = pread(data->membership, line, sizeof(line) - 1, 0);
	if (got <= 0)
		return bench_fail(state, "cannot read /proc/self/cgroup");
	line[got] = '\0';
	if (strstr(line, suffixes[data->place]) != NULL)
		return BENCH_OK;
	return bench_fail(state, "the process is not where it was moved to");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->moves;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->home >= 0) {
		(void)!write(data->home, "0", 1);
		(void)close(data->home);
	}
	for (int place = 0; place < PLACES; place++) {
		if (data->procs[place] > 0) /* 0: setup did not come so far */
			(void)close(data->procs[place]);
		bench_cgroup_remove(&data->cgroups[place]);
	}
	if (data->membership > 0)
		(void)close(data->membership);
}

static const struct bench_parameter parameters[] = {
	{.name = "pause_ms",
	 .about = "between moves; 0: one on the heels of the other",
	 .value = PAUSE_MS,
	 .max = PAUSE_MS_MAX},
	{0},
};

static const struct bench lat_cgroup_move = {
	.name = "lat_cgroup_move",
	.summary = "move the own process to another cgroup",
	.doc = "Times write() to cgroup.procs, which moves the writing process between two cgroups of\n"
	       "the unified hierarchy, made for the run beside each other; both files stay open. The\n"
	       "kernel keeps all forks and exits of the machine out meanwhile. Taking that lock costs\n"
	       "an RCU grace period, milliseconds, unless the kernel or the mount (favordynmods)\n"
	       "makes moves cheap and forks dearer, or the last move was a moment ago: hence one move\n"
	       "a sample after pause_ms of rest, and the median as the figure. Needs a cgroup that may be\n"
	       "written to, which root and delegated sessions have. Work proof: each write succeeded,\n"
	       "and after each sample /proc/self/cgroup names the cgroup of the last move.\n"
	       "Idea: cgroups(7); no peer has it. lat_clone3:kind=cgroup is the way without a move.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 20,
	.iterations_max = 1,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_cgroup_move);
