// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: messages written to a TCP connection until the reader in another process has confirmed
 * the last byte.
 * Why: two copies, the segments between them and the flow control; the large case, where calls
 * and switches do not count. The reader's confirmation is inside the clock, for a writer alone
 * measures how fast buffers fill.
 * Source: lmbench paper (USENIX 1996), IPC bandwidth; tcp(7).
 */
#include "bench_net.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

struct data {
	struct bench_net net;
	struct bench_bulk bulk;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t message_bytes = (size_t)bench_value(state, "message_bytes");

	int error = bench_net_open(state, &data->net, BENCH_NET_COUNT, message_bytes,
				   (size_t)bench_value(state, "buffer_bytes"));
	if (error != 0)
		return error;
	return bench_bulk_open(state, &data->bulk, data->net.data, data->net.data, message_bytes);
}

static int hold_back(struct bench_state *state, const struct data *data, int no)
{
	if (setsockopt(data->net.data, IPPROTO_TCP, TCP_NODELAY, &no, sizeof(no)) == 0)
		return BENCH_OK;
	return bench_fail(state, "TCP_NODELAY: %s", bench_net_error());
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = hold_back(state, data, 0);

	return error != 0 ? error : bench_bulk_announce(state, &data->bulk, iterations);
}

/* TCP_NODELAY at the end sends what Nagle's rule would hold back until a delayed
 * acknowledgement: 40 ms that have nothing to do with bandwidth. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = bench_bulk_write(state, &data->bulk, iterations);

	if (error == 0)
		error = hold_back(state, data, 1);
	return error != 0 ? error : bench_bulk_confirm(state, &data->bulk);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_bulk_messages(&data->bulk);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_net_close(&data->net);
	bench_bulk_close(&data->bulk);
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "bytes of one write, and at most of one read",
	 .value = 1 << 20,
	 .min = 1,
	 .max = BENCH_NET_MESSAGE_MAX},
	{.name = "buffer_bytes",
	 .about = "SO_SNDBUF and SO_RCVBUF of both ends; 0: as the kernel tunes them",
	 .value = 1 << 20,
	 .min = 0,
	 .max = 64 << 20},
	BENCH_NET_PEER,
	{0},
};

static const struct bench bw_tcp = {
	.name = "bw_tcp",
	.summary = "bytes per second over a TCP connection",
	.doc = "Times write() of messages to an established TCP connection until the process at its\n"
	       "other end has read all of them and said so: batches of 16 MiB or more (of 256 messages if\n"
	       "they are small), from and to page-aligned memory. One operation is one message. Socket\n"
	       "buffers are enlarged to 1 MiB at both ends as far as net.core.wmem_max and rmem_max\n"
	       "allow; buffer_bytes=0 leaves them to the kernel. The reader knows the size of a batch\n"
	       "before the clock starts. Small messages are merged as usual, the last one is not held\n"
	       "back. On one CPU the figure is the cost of a byte; on two, sender and receiver overlap.\n"
	       "With peer=ADDRESS:PORT the reader is `kbench serve` there.\n"
	       "Work proof: the reader counts the bytes that its read() returned.\n"
	       "Idea: lmbench paper, TCP bandwidth (1 MB transfers, 1 MB buffers).",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 20,
	.tasks = 2,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_tcp);
