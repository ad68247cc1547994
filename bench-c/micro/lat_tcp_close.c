// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the orderly end of established TCP connections: shutdown() at the accepting side, end
 * of file and close() at the connecting side, end of file and close() at the first.
 * Why: set-up and tear-down cost differently and are mixed in a whole life. The accepting side
 * ends first, as servers do: then what stays in TIME_WAIT is at the server's port, of which
 * each batch has a new one, and no client port runs out.
 * Source: a course's system measurement report, connection tear-down (FIN, FIN, ACK);
 * tcp(7), close(2), shutdown(2).
 */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct data {
	struct bench_net net;
	int sockets[BENCH_NET_BATCH_MAX];
	uint64_t accepted;
	uint64_t closed;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_net_open(state, &data->net, BENCH_NET_CLOSE, 1, 0);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = bench_net_listen(state, &data->net, iterations);

	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		data->sockets[i] = bench_net_socket(state, &data->net);
		if (data->sockets[i] < 0)
			return BENCH_ERROR;
		error = bench_net_connect(state, &data->net, data->sockets[i]);
		if (error == 0)
			error = bench_net_check_sent_once(state, data->sockets[i]);
	}
	return error != 0 ? error : bench_net_served(state, &data->net, &data->accepted);
}

/* The server ends the next connection when it has seen the end of this one. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char byte;

	if (!bench_write_number(data->net.control, iterations))
		return bench_fail(state, "cannot start the server: %s", bench_net_error());
	for (uint64_t i = 0; i < iterations; i++) {
		ssize_t got = read(data->sockets[i], &byte, 1);
		if (got != 0)
			return bench_fail(state, "no end of file: %s",
					  got > 0 ? "data" : bench_net_error());
		if (close(data->sockets[i]) != 0)
			return bench_fail(state, "close: %s", strerror(errno));
	}
	return bench_net_served(state, &data->net, &data->closed);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->closed;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	return bench_net_check_counters(state, &data->net, false);
}

static const struct bench_parameter parameters[] = {BENCH_NET_PEER, {0}};

static const struct bench lat_tcp_close = {
	.name = "lat_tcp_close",
	.summary = "tear down an established TCP connection at both ends",
	.doc = "Times the orderly end of TCP connections that were set up before the clock starts, up\n"
	       "to 64 one after the other: the server's shutdown(), this process's read() of end of file\n"
	       "and close(), the server's read() of end of file and close(). One operation is one\n"
	       "connection: a FIN each way, their acknowledgements, two wake-ups, and both sockets\n"
	       "freed. The server ends first, so that TIME_WAIT is at its port, which is a new one for\n"
	       "each batch: ports do not run out and no connection meets an old one. Sockets in\n"
	       "TIME_WAIT stay for a minute; beyond net.ipv4.tcp_max_tw_buckets (a few thousand on a\n"
	       "small machine) the kernel frees new ones at once, which is cheaper. The report it\n"
	       "follows lets the client end first and reads packets' times; the packets are the same. One\n"
	       "message each way a batch starts the server and ends the clock. lmbench does not time it.\n"
	       "With peer=ADDRESS:PORT the server is `kbench serve` there, and its port is an ephemeral\n"
	       "one. Work proof: the server counts the connections whose end it has read.\n"
	       "Idea: a course's system measurement report, connection tear-down.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.iterations_max = BENCH_NET_BATCH_MAX,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = bench_net_teardown,
};
BENCH_REGISTER(lat_tcp_close);
