// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a datagram to another process and its answer, over connected UDP sockets.
 * Why: what TCP adds to a conversation is the difference to lat_tcp. No loss is made up for: a
 * datagram that does not come back is an error and not a slow sample.
 * Source: lmbench paper (USENIX 1996), UDP latency; udp(7).
 */
#include "bench_net.h"

#include <sys/socket.h>

static int setup(struct bench_state *state)
{
	return bench_net_open(state, bench_data(state), BENCH_NET_UDP_ECHO,
			      (size_t)bench_value(state, "message_bytes"), 0);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_net *net = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		net->message[0] = (unsigned char)i;
		if (send(net->data, net->message, net->message_bytes, 0) !=
		    (ssize_t)net->message_bytes)
			return bench_fail(state, "send: %s", bench_net_error());
		ssize_t got = recv(net->data, net->answer, net->message_bytes, 0);
		if (got < 0)
			return bench_fail(state, "recv: %s", bench_net_error());
		if (got != (ssize_t)net->message_bytes ||
		    net->answer[0] != (unsigned char)~net->message[0])
			return bench_fail(state, "an answer to another message");
		net->answers_right++;
	}
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "size of the datagram and of its answer",
	 .value = 4,
	 .min = 1,
	 .max = BENCH_NET_DATAGRAM_MAX},
	BENCH_NET_PEER,
	{0},
};

static const struct bench lat_udp = {
	.name = "lat_udp",
	.summary = "round trip of a datagram over UDP",
	.doc = "Times send() of a datagram and recv() of an answer of the same size, while another\n"
	       "process receives it and sends it back: two datagrams, two wake-ups. Both sockets are\n"
	       "connected and block. With peer=ADDRESS:PORT the other process is `kbench serve` there, on\n"
	       "the UDP port of the same number. A datagram that is lost is an error (with a peer after\n"
	       "three seconds), for its figure would be that of a timer.\n"
	       "Work proof: the other process complements the first byte, which counts the datagrams, and\n"
	       "each answer is checked; on one CPU there must be two context switches each time.\n"
	       "Idea: lmbench paper, UDP latency (a word of four bytes); on purpose different: a server whose\n"
	       "socket is not connected must look up the way back for each answer.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct bench_net),
	.setup = setup,
	.run = run,
	.work = bench_net_work,
	.teardown = bench_net_teardown,
};
BENCH_REGISTER(lat_udp);
