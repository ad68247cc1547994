// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: one byte through a pipe to another process and back through a second pipe.
 * Why: the shortest conversation of two processes: two writes, two reads, two wake-ups and
 * two context switches. Placement decides the answer (same CPU and cross CPU differ tenfold),
 * hence it is part of the result.
 * Source: lmbench paper (USENIX 1996), interprocess communication latencies; pipe(7).
 */
#include "bench.h"

enum { MESSAGE_BYTES = 1 };

static int child(struct bench_state *state)
{
	struct bench_link *link = bench_data(state);

	bench_link_keep_child(link);
	return bench_token_echo(state, link);
}

static int setup(struct bench_state *state)
{
	struct bench_link *link = bench_data(state);

	int error = bench_link_open(state, link);
	if (error == 0)
		error = bench_spawn(state, child);
	if (error == 0)
		bench_link_keep_parent(link);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct bench_link *link = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_token_pass(state, link->to_child[1], link->to_parent[0]);
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct bench_link *link = bench_data(state);

	return *link->echoed;
}

static void teardown(struct bench_state *state)
{
	bench_link_close(bench_data(state));
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes", .value = MESSAGE_BYTES}, {0}};

static const struct bench lat_pipe = {
	.name = "lat_pipe",
	.summary = "round trip of one byte through two pipes between two processes",
	.doc = "Times write() of one byte to a pipe and read() of the answer from another, while a\n"
	       "second process reads and writes back: a round trip has two system calls, a wake-up\n"
	       "and a context switch in each direction. Nothing is subtracted but clock and loop.\n"
	       "With cross-cpu the wake-up goes to another, possibly sleeping CPU: a different\n"
	       "figure, not a worse one. Work proof: the other process counts the bytes it sends\n"
	       "back, and on one CPU the kernel must have counted two context switches each time.\n"
	       "Idea: lmbench paper, interprocess communication latencies.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct bench_link),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_pipe);
