// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a token that goes around a ring of tasks connected by pipes; each reads it, sums its
 * own data and passes it on. Per task, minus what the same costs one task alone: one switch.
 * Why: the switch itself, without the pipe that forces it, as a function of how many tasks
 * there are and how much they want to find in the caches when they are back.
 * Source: lmbench paper (USENIX 1996), context switching; pipe(7). Process against thread:
 * a common question of operating system courses.
 */
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSES = 2, TASKS_MAX = 96, FOOTPRINT_MAX = 1 << 20, LINE_BYTES = 128 };

/* Counted by the task that had the token; a line of its own, so that no line moves but those
 * that must. */
struct counter {
	uint64_t tokens;
	char apart[LINE_BYTES - sizeof(uint64_t)];
};

/* Pipe i is read by task i; task 0 is run's own. */
struct ring {
	int from[TASKS_MAX];
	int to[TASKS_MAX];
};

struct data {
	struct ring ring;
	struct ring alone; /* one task has all the ends of it */
	bool threads;	   /* the tasks share an address space */
	unsigned tasks;	   /* of which this many were asked for */
	unsigned begun;	   /* and whose number this is, when a child is born */
	size_t words;	   /* of footprint */
	struct bench_pages pages;
	uint64_t *
		footprint; /* processes: one address, copied on write; threads: one after another */
	struct counter *counters; /* [tasks], seen by all */
	uint64_t passes_alone;
};

static int open_ring(struct bench_state *state, struct ring *ring, unsigned tasks)
{
	for (unsigned i = 0; i < tasks; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0)
			return bench_fail(state, "pipe: %s", strerror(errno));
		ring->from[i] = ends[0];
		ring->to[i] = ends[1];
	}
	return BENCH_OK;
}

static void close_end(int *end)
{
	if (*end > 0) /* 0: setup did not come so far */
		(void)close(*end);
	*end = 0;
}

/* What task `index` does not use: a dead task must be an end of file for the next. */
static void keep_own(struct data *data, unsigned index)
{
	for (unsigned i = 0; i < data->tasks; i++) {
		if (i != index)
			close_end(&data->ring.from[i]);
		if (i != (index + 1) % data->tasks)
			close_end(&data->ring.to[i]);
	}
}

/* Written by the task itself, so that the pages are its own. The values add up to `words`. */
static void fill(uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		words[i] = 1;
}

static uint64_t sum(const uint64_t *words, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += words[i];
	return total;
}

/* Read the token, use the data. 1: had it, 0: end of file, -1 an error. */
static int receive(int from, const uint64_t *words, size_t count)
{
	uint64_t token;
	ssize_t got = read(from, &token, sizeof(token));

	if (got == 0)
		return 0;
	if (got != (ssize_t)sizeof(token) || sum(words, count) != count)
		return -1;
	return 1;
}

static int take_part(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);
	uint64_t *words = data->footprint + (data->threads ? index * data->words : 0);
	int from = data->ring.from[index];
	int *to = &data->ring.to[(index + 1) % data->tasks];
	uint64_t token = 1;
	int had;

	fill(words, data->words);
	for (had = receive(from, words, data->words); had == 1;
	     had = receive(from, words, data->words)) {
		data->counters[index].tokens++; /* before it goes on: the next may read it */
		if (write(*to, &token, sizeof(token)) != (ssize_t)sizeof(token))
			had = -1;
		if (had != 1)
			break;
	}
	close_end(to); /* a thread's end does not close it */
	return had == 0 ? BENCH_OK : bench_fail(state, "task %u: bad token or sum", index);
}

static int process_body(struct bench_state *state)
{
	struct data *data = bench_data(state);

	keep_own(data, data->begun);
	return take_part(state, data->begun);
}

static int thread_body(struct bench_state *state, unsigned index)
{
	return take_part(state, index + 1);
}

static int start_tasks(struct bench_state *state, struct data *data)
{
	int error = BENCH_OK;

	for (unsigned i = 1; error == 0 && i < data->tasks; i++) {
		data->begun = i;
		error = data->threads ? bench_thread(state, thread_body)
				      : bench_spawn(state, process_body);
	}
	if (error == 0 && !data->threads)
		keep_own(data, 0);
	return error;
}

/* Base pages only: whether a huge page would fit depends on the number of tasks. */
static int map_footprint(struct bench_state *state, struct data *data, size_t bytes)
{
	size_t all = bytes * data->tasks;

	data->words = bytes / sizeof(uint64_t);
	if (bytes == 0)
		return BENCH_OK;
	int error = bench_memory_check(state, all);
	if (error == 0)
		error = bench_pages_map(state, &data->pages, data->threads ? all : bytes);
	data->footprint = (uint64_t *)(void *)data->pages.start;
	return error;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->tasks = (unsigned)bench_value(state, "processes");
	data->threads = bench_value(state, "kind") == 1;
	bench_set_operations_per_iteration(state, data->tasks);
	data->counters = bench_shared(state, data->tasks * sizeof(struct counter));
	if (data->counters == NULL)
		return BENCH_ERROR;
	int error = map_footprint(state, data, (size_t)bench_value(state, "footprint_bytes"));
	if (error == 0)
		error = open_ring(state, &data->ring, data->tasks);
	if (error == 0)
		error = start_tasks(state, data);
	if (error == 0)
		error = open_ring(state, &data->alone, data->tasks);
	if (error == 0)
		fill(data->footprint, data->words);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int to = data->ring.to[1];
	int from = data->ring.from[0];
	uint64_t token = 1;

	for (uint64_t i = 0; i < iterations; i++) {
		if (write(to, &token, sizeof(token)) != (ssize_t)sizeof(token))
			return bench_fail(state, "cannot pass the token: %s", strerror(errno));
		if (receive(from, data->footprint, data->words) != 1)
			return bench_fail(state, "the token was lost");
		data->counters[0].tokens++;
	}
	return BENCH_OK;
}

static int overhead(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	unsigned tasks = data->tasks;
	uint64_t token = 1;

	for (uint64_t i = 0; i < iterations; i++) {
		for (unsigned task = 0; task < tasks; task++) {
			if (write(data->alone.to[task], &token, sizeof(token)) !=
			    (ssize_t)sizeof(token))
				return bench_fail(state, "cannot write the token: %s",
						  strerror(errno));
			if (receive(data->alone.from[task], data->footprint, data->words) != 1)
				return bench_fail(state, "the token was lost");
			data->passes_alone++;
		}
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	uint64_t tokens = data->passes_alone;

	for (unsigned i = 0; i < data->tasks; i++)
		tokens += data->counters[i].tokens;
	return tokens;
}

/* Processes end one after the other, as each closes the pipe of the next. */
static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->tasks > 1)
		close_end(&data->ring.to[1]);
	for (unsigned i = 0; i < data->tasks; i++) {
		close_end(&data->alone.from[i]);
		close_end(&data->alone.to[i]);
		if (data->threads) /* they close what they write to, and still read */
			continue;
		close_end(&data->ring.from[i]);
		close_end(&data->ring.to[i]);
	}
}

static const char *const kinds[] = {"process", "thread", NULL};

static const struct bench_parameter parameters[] = {
	{.name = "processes",
	 .about = "tasks in the ring, with run's own",
	 .value = PROCESSES,
	 .min = PROCESSES,
	 .max = TASKS_MAX},
	{.name = "footprint_bytes",
	 .about = "summed by each task when it has the token",
	 .max = FOOTPRINT_MAX},
	{.name = "kind", .about = "thread: the tasks share one address space", .words = kinds},
	{0},
};

static const struct bench lat_ctx = {
	.name = "lat_ctx",
	.summary = "context switch in a ring of tasks, pipe and data cost subtracted",
	.doc = "Times a token on its way around a ring of tasks connected by pipes: each reads it, sums\n"
	       "its footprint_bytes as 64-bit integers, and writes it to the next. Each pass forces\n"
	       "one context switch, and the figure is per switch. What one task needs alone for the\n"
	       "same write(), read() and sum, through as many pipes, is measured first, reported as\n"
	       "\"overhead\", and its minimum subtracted. That one never waits and has hot caches: so\n"
	       "the figure holds the switch, wake-up and sleep, the scheduler's choice, and what cold\n"
	       "caches cost after the switch, which is what the footprint is for. Processes have it at\n"
	       "one virtual address, in pages of their own; kind=thread has it side by side. On other\n"
	       "placements than same-cpu it is mostly the wake-up of another CPU. Work proof: each\n"
	       "task counts its tokens and checks its sum, and on one CPU the kernel must have\n"
	       "counted one context switch for each one reported.\n"
	       "Idea: lmbench paper, context switching. On purpose different: every task has its CPU\n"
	       "by placement (there by luck), and a figure that is not positive is an error (there\n"
	       "it is left out).",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.iterations_min = 16,
	.tasks_parameter = "processes",
	.expectations = {{BENCH_SWITCHES, 0.95, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.overhead = overhead,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_ctx);
