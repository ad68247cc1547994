// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: messages written to a Unix stream socket until the reader in another process has
 * confirmed the last byte.
 * Why: what programs of one machine use where they would use TCP between machines: two copies
 * and the socket layer, no protocol. The difference to bw_tcp is the protocol's, that to
 * bw_pipe the socket's.
 * Source: lmbench's bandwidth tests (the paper of 1996 has pipes and TCP); unix(7).
 */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct data {
	struct bench_bulk bulk;
	int pair[2]; /* [0] is the reader's */
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

	close_end(&data->pair[1]);
	return bench_bulk_serve(data->pair[0], data->pair[0],
				(size_t)bench_value(state, "message_bytes"));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	*data = (struct data){.pair = {-1, -1}, .opened = true};
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, data->pair) != 0)
		return bench_skip(state, "no Unix sockets (CONFIG_UNIX): %s", strerror(errno));
	int error = bench_spawn(state, reader);
	if (error != 0)
		return error;
	close_end(&data->pair[0]);
	return bench_bulk_open(state, &data->bulk, data->pair[1], data->pair[1],
			       (size_t)bench_value(state, "message_bytes"));
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (!data->opened)
		return;
	close_end(&data->pair[0]);
	close_end(&data->pair[1]);
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

static const struct bench bw_unix = {
	.name = "bw_unix",
	.summary = "bytes per second through a Unix stream socket",
	.doc = "Times write() of messages to one end of a socketpair(AF_UNIX, SOCK_STREAM) until the\n"
	       "process at its other end has read all of them and said so: batches of 16 MiB or more\n"
	       "(of 256 messages if they are small), from and to page-aligned memory. One operation is\n"
	       "one message. Buffers have their usual size (net.core.wmem_default), so several messages\n"
	       "of 64 KiB may be under way. The reader knows the size of a batch before the clock starts.\n"
	       "Work proof: the reader counts the bytes that its read() returned.\n"
	       "Idea: lmbench's bandwidth tests; the paper of 1996 has pipes and TCP only.",
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
BENCH_REGISTER(bw_unix);
