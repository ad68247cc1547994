// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: connect() of TCP sockets to a port where another process listens.
 * Why: what a connection costs before its first byte: three packets through two kernels. Sockets
 * exist before the clock starts. The server accepts after it stops, for the handshake needs no
 * process: woken in accept() it would take the CPU from connect() or not, as the scheduler
 * likes, which is a third of the figure. Connections end by a reset, so that none is left in
 * TIME_WAIT, and the queue of the listening socket holds the whole batch: a connection never
 * waits a second for its SYN to be sent again.
 * Source: lmbench paper (USENIX 1996), TCP connection; a course's system measurement report
 * times set-up and tear-down apart; connect(2), listen(2).
 */
#include "bench_net.h"

struct data {
	struct bench_net net;
	int sockets[BENCH_NET_BATCH_MAX];
	uint64_t connected;
	uint64_t accepted; /* as the server counts */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_net_open(state, &data->net, BENCH_NET_CONNECT, 1, 0);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = bench_net_listen(state, &data->net, iterations);

	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		data->sockets[i] = bench_net_socket(state, &data->net);
		if (data->sockets[i] < 0)
			error = BENCH_ERROR;
	}
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int error = bench_net_connect(state, &data->net, data->sockets[i]);
		if (error != 0)
			return error;
		data->connected++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->connected;
}

static int accept_all(struct bench_state *state, struct data *data, uint64_t iterations)
{
	if (!bench_write_number(data->net.control, iterations))
		return bench_fail(state, "cannot tell the server to accept: %s", bench_net_error());
	int error = bench_net_served(state, &data->net, &data->accepted);
	if (error == 0 && data->accepted != data->connected)
		error = bench_fail(state, "the server has accepted another number of connections");
	return error;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t closed = 0;
	int error = accept_all(state, data, iterations);

	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		error = bench_net_check_sent_once(state, data->sockets[i]);
		if (error == 0)
			error = bench_net_close_hard(state, data->sockets[i]);
	}
	if (error == 0)
		error = bench_net_served(state, &data->net, &closed);
	if (error == 0 && closed != data->accepted)
		error = bench_fail(state, "the server has closed another number of connections");
	return error != 0 ? error : bench_net_check_counters(state, &data->net, false);
}

static const struct bench_parameter parameters[] = {BENCH_NET_PEER, {0}};

static const struct bench lat_tcp_connect = {
	.name = "lat_tcp_connect",
	.summary = "set up a TCP connection to another process",
	.doc = "Times connect() of TCP sockets, one after the other, to a port where another process\n"
	       "listens. One operation is one connection: SYN, its answer and the acknowledgement. The\n"
	       "kernel does it by itself: the process accepts up to 64 of them when the clock has\n"
	       "stopped, so no wake-up and no context switch is in the figure. Nor are socket(), accept()\n"
	       "and close(): see lat_socket_create, lat_accept, lat_tcp_close, and lat_tcp_request for a\n"
	       "whole short life. lmbench's lat_connect has socket(), close() and the server's accept() in\n"
	       "its figure, and seconds of SYN retransmission when its listen queue overflows. Here each\n"
	       "batch has a listening socket whose queue holds all of it, connections end by a reset after\n"
	       "the clock has stopped, and TCP_INFO of each must say that no packet was sent again. With\n"
	       "peer=ADDRESS:PORT the server is `kbench serve` there, and its port is an ephemeral one.\n"
	       "Work proof: each connect() succeeds, the server accepts as many, and the namespace's\n"
	       "ListenOverflows has not moved. Idea: lmbench paper, TCP connection cost.",
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
BENCH_REGISTER(lat_tcp_connect);
