// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: messages written to a pipe until the reader in another process has confirmed the
 * last byte.
 * Why: two copies of each byte, and the writer and the reader taking turns: the bandwidth of a
 * shell's pipeline. 64 KiB is as much as a pipe holds unless it is told otherwise.
 * Source: lmbench paper (USENIX 1996), IPC bandwidth; pipe(7).
 */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct data {
	struct bench_bulk bulk;
	int forward[2]; /* [0] is the reader's end */
	int back[2];	/* [0] is ours */
	bool opened;
};

static void close_end(int *end)
{
	if (*end >= 0)
		(void)close(*end);
	*end = -1;
}

static int reader(struct bench_state *state)
{
	struct data *data = bench_data(state);

	close_end(&data->forward[1]);
	close_end(&data->back[0]);
	return bench_bulk_serve(data->forward[0], data->back[1],
				(size_t)bench_value(state, "message_bytes"));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	*data = (struct data){.forward = {-1, -1}, .back = {-1, -1}, .opened = true};
	if (pipe(data->forward) != 0 || pipe(data->back) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	int error = bench_spawn(state, reader);
	if (error != 0)
		return error;
	close_end(&data->forward[0]);
	close_end(&data->back[1]);
	return bench_bulk_open(state, &data->bulk, data->forward[1], data->back[0],
			       (size_t)bench_value(state, "message_bytes"));
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (!data->opened)
		return;
	for (int i = 0; i < 2; i++) {
		close_end(&data->forward[i]);
		close_end(&data->back[i]);
	}
	bench_bulk_close(&data->bulk);
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "bytes of one write, and at most of one read",
	 .value = 64 << 10,
	 .min = 1,
	 .max = 1 << 20},
	{0},
};

static const struct bench bw_pipe = {
	.name = "bw_pipe",
	.summary = "bytes per second through a pipe",
	.doc = "Times write() of messages to a pipe until the process at its other end has read all of\n"
	       "them and said so through a second pipe: batches of 16 MiB or more (of 256 messages if\n"
	       "they are small), from and to page-aligned memory. One operation is one message. The pipe\n"
	       "has its usual size, so with 64 KiB messages writer and reader take turns for each,\n"
	       "and two switches on one CPU. The reader knows the size of a batch before the clock starts.\n"
	       "Larger messages wait for the reader in between, smaller ones show the cost of a call.\n"
	       "Work proof: the reader counts the bytes that its read() returned.\n"
	       "Idea: lmbench paper, pipe bandwidth (50 MB in transfers of 64 KB).",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.tasks = 2,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = bench_bulk_prepare,
	.run = bench_bulk_run,
	.work = bench_bulk_work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_pipe);
