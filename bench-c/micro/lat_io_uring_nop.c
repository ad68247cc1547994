// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: requests that do nothing through an io_uring, from filling in to completion.
 * Why: what io_uring itself costs for each request, and how a batch spreads the cost of the
 * one system call over its requests.
 * Source: io_uring(7); beside lat_syscall_getppid, a system call that does nothing.
 */
#include "bench_io_uring.h"

#include <errno.h>
#include <string.h>

enum { DEPTH = 1, DEPTH_MAX = 4096 };

struct data {
	struct bench_ring ring;
	unsigned depth;
	uint64_t right_answers;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->depth = (unsigned)bench_value(state, "depth");
	bench_set_operations_per_iteration(state, data->depth);
	return bench_ring_open(state, &data->ring, data->depth);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	unsigned depth = data->depth;

	for (uint64_t i = 0; i < iterations; i++) {
		for (unsigned j = 0; j < depth; j++)
			*bench_ring_entry(&data->ring, j) =
				(struct io_uring_sqe){.opcode = IORING_OP_NOP};
		if (!bench_ring_enter(&data->ring, depth))
			return bench_fail(state, "io_uring_enter: %s", strerror(errno));
		unsigned right = bench_ring_reap(&data->ring, depth, 0);
		data->right_answers += right;
		if (right != depth)
			return bench_fail(state, "%u of %u requests completed", right, depth);
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_answers;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_ring_close(&data->ring);
}

static const struct bench_parameter parameters[] = {
	{.name = "depth",
	 .about = "requests submitted by each system call",
	 .value = DEPTH,
	 .min = 1,
	 .max = DEPTH_MAX},
	{0},
};

static const struct bench lat_io_uring_nop = {
	.name = "lat_io_uring_nop",
	.summary = "a request that does nothing through an io_uring",
	.doc = "Times IORING_OP_NOP: filling in `depth` entries of the submission ring, one\n"
	       "io_uring_enter() that submits them and waits for as many completions, and taking\n"
	       "these out of the completion ring. The figure is per request, so it falls with depth\n"
	       "as the system call is shared. The kernel completes a NOP at once: nobody sleeps. No\n"
	       "polling thread and no flags, as a program has it that asks for nothing special; raw\n"
	       "system calls, no library. Work proof: io_uring_enter() must have taken all entries,\n"
	       "and each completion must say 0. Skipped where the kernel has no io_uring or forbids\n"
	       "it. Idea: io_uring(7).",
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
BENCH_REGISTER(lat_io_uring_nop);
