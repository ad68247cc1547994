// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: half a round trip of a one-byte token between two processes, minus what writing and
 * reading that byte costs one process alone: one context switch.
 * Why: the switch itself, without the pipe that forces it. What is subtracted is reported as
 * the metric "overhead". It is measured with warm caches in one process, so cold caches after
 * a switch, and wake-up and sleep, count as part of the switch.
 * Source: lmbench paper (USENIX 1996), context switching.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSES = 2, FOOTPRINT_BYTES = 0, SWITCHES_PER_TRIP = 2 };

struct data {
	struct bench_link link;
	int alone[2];		 /* a pipe of which this process has both ends */
	uint64_t passes_to_self; /* bytes that came back through it */
};

static int child(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_link_keep_child(&data->link);
	return bench_token_echo(state, &data->link);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	int error = bench_link_open(state, &data->link);
	if (error == 0)
		error = bench_spawn(state, child);
	if (error == 0)
		bench_link_keep_parent(&data->link);
	if (error == 0 && pipe(data->alone) != 0)
		error = bench_fail(state, "pipe: %s", strerror(errno));
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_token_pass(state, data->link.to_child[1], data->link.to_parent[0]);
	return error;
}

static int overhead(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < SWITCHES_PER_TRIP * iterations && error == 0; i++) {
		error = bench_token_pass(state, data->alone[1], data->alone[0]);
		data->passes_to_self += error == 0;
	}
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return SWITCHES_PER_TRIP * *data->link.echoed + data->passes_to_self;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_link_close(&data->link);
	for (int i = 0; i < 2; i++)
		if (data->alone[i] > 0) /* 0: setup did not come so far */
			(void)close(data->alone[i]);
}

static const struct bench_parameter parameters[] = {
	{.name = "processes", .value = PROCESSES},
	{.name = "footprint_bytes", .value = FOOTPRINT_BYTES},
	{0},
};

static const struct bench lat_ctx = {
	.name = "lat_ctx",
	.summary = "context switch between two processes, pipe cost subtracted",
	.doc = "Times half a round trip of a one-byte token that two processes pass through pipes:\n"
	       "each pass forces one context\n"
	       "switch. The cost of the same write() and read() in one process, which never has to\n"
	       "wait, is measured first, reported as \"overhead\", and its minimum subtracted. The figure is per\n"
	       "switch, not per round trip, and holds the switch, the wake-up, the scheduler's\n"
	       "choice and what cold caches cost. With cross-cpu it is mostly the wake-up of the\n"
	       "other CPU. Work proof: the other process counts the tokens, and on one CPU the kernel\n"
	       "must have counted one context switch for each one reported.\n"
	       "Idea: lmbench paper, context switching.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = PROCESSES,
	.operations_per_iteration = SWITCHES_PER_TRIP,
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
