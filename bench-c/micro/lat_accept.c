// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: accept() of TCP connections that wait in the queue of a listening socket.
 * Why: the server's part of a new connection without packets, wake-up and switch: a
 * descriptor, a file, and a socket taken from a queue.
 * Source: our own complement to lat_tcp_connect; accept(2).
 */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct data {
	struct bench_net net; /* only an address: both sides are here */
	bool listening;
	int listener;
	int ours[BENCH_NET_BATCH_MAX];
	int accepted[BENCH_NET_BATCH_MAX];
	uint64_t accepted_count;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_net *net = &data->net;
	int error = bench_need_loopback(state);

	if (error != 0)
		return error;
	(void)bench_net_parse("127.0.0.1:0", &net->server, &net->server_length);
	data->listener = bench_net_socket(state, net);
	if (data->listener < 0)
		return BENCH_ERROR;
	data->listening = true;
	if (bind(data->listener, (struct sockaddr *)&net->server, net->server_length) != 0 ||
	    listen(data->listener, BENCH_NET_BATCH_MAX) != 0 ||
	    getsockname(data->listener, (struct sockaddr *)&net->server, &net->server_length) != 0)
		return bench_fail(state, "cannot listen on 127.0.0.1: %s", strerror(errno));
	return bench_net_check_counters(state, net, false);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = BENCH_OK;

	if (iterations > BENCH_NET_BATCH_MAX)
		return bench_fail(state, "a batch of more than %d connections",
				  BENCH_NET_BATCH_MAX);
	for (uint64_t i = 0; i < iterations && error == 0; i++) {
		data->ours[i] = bench_net_socket(state, &data->net);
		if (data->ours[i] < 0)
			return BENCH_ERROR;
		error = bench_net_connect(state, &data->net, data->ours[i]);
	}
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		data->accepted[i] = accept(data->listener, NULL, NULL);
		if (data->accepted[i] < 0)
			return bench_fail(state, "accept: %s", strerror(errno));
		data->accepted_count++;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int error = bench_net_check_sent_once(state, data->ours[i]);
		if (error == 0)
			error = bench_net_close_hard(state, data->ours[i]);
		if (error != 0)
			return error;
		(void)close(data->accepted[i]);
	}
	return bench_net_check_counters(state, &data->net, false);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->accepted_count;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->listening)
		(void)close(data->listener);
}

static const struct bench lat_accept = {
	.name = "lat_accept",
	.summary = "accept a TCP connection that is already in the queue",
	.doc = "Times accept() of TCP connections on 127.0.0.1 whose handshake the kernel has completed\n"
	       "before the clock starts; up to 64 wait in the queue of the listening socket, which holds\n"
	       "as many. One operation is one connection: no packet, no wake-up, no context switch, but a\n"
	       "new file and descriptor for a socket that exists. It is the part of lat_tcp_connect that\n"
	       "is the accepting process's own. All are closed by a reset when the clock has stopped.\n"
	       "Work proof: each accept() returns a descriptor, all of which are open at the end of a\n"
	       "batch; no packet was sent twice and ListenOverflows has not moved. Idea: our own.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.iterations_max = BENCH_NET_BATCH_MAX,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_accept);
