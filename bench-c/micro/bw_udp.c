// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: numbered datagrams sent until the receiver in another process has acknowledged the
 * last of a batch.
 * Why: the cost of a datagram under load. UDP has no flow control, and what a full receive
 * buffer throws away is fast: so no more datagrams are under way than that buffer can hold, and
 * one that does not arrive is an error.
 * Source: re-aim's udp_test counts datagrams; lmbench has no UDP bandwidth. udp(7).
 */
#include "bench_net_wire.h"

#include <endian.h>
#include <string.h>
#include <sys/socket.h>

enum { DATAGRAMS_PER_ITERATION = 64, DATAGRAM_BYTES = 1472, NUMBER_BYTES = 8 };

struct data {
	struct bench_net net;
	uint64_t sent;
	uint64_t arrived; /* as the receiver counts */
	uint64_t sum;	  /* of their numbers */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t message_bytes = (size_t)bench_value(state, "message_bytes");

	bench_set_bytes_per_operation(state, message_bytes);
	return bench_net_open(state, &data->net, BENCH_NET_UDP_COUNT, message_bytes,
			      (size_t)bench_value(state, "buffer_bytes"));
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	uint64_t datagrams = iterations * DATAGRAMS_PER_ITERATION;
	uint64_t accepted = 0;

	if (!bench_write_number(data->net.control, datagrams) ||
	    !bench_read_number(data->net.control, &accepted))
		return bench_fail(state, "cannot announce a batch: %s", bench_net_error());
	if (accepted != datagrams)
		return bench_fail(state, "the receiver expects another number of datagrams");
	return BENCH_OK;
}

static int fill_window(struct bench_state *state, struct data *data, uint64_t end)
{
	const struct bench_net *net = &data->net;

	while (data->sent < end && data->sent - data->arrived < net->window) {
		uint64_t number = htobe64(data->sent);
		memcpy(net->message, &number, sizeof(number));
		if (send(net->data, net->message, net->message_bytes, 0) !=
		    (ssize_t)net->message_bytes)
			return bench_fail(state, "send: %s", bench_net_error());
		data->sent++;
	}
	return BENCH_OK;
}

static int take_acknowledgement(struct bench_state *state, struct data *data)
{
	struct net_acknowledgement ack;
	ssize_t got = recv(data->net.data, &ack, sizeof(ack), 0);

	if (got < 0)
		return bench_fail(state,
				  "datagrams are lost: %llu sent, %llu acknowledged, then: %s",
				  (unsigned long long)data->sent, (unsigned long long)data->arrived,
				  bench_net_error());
	uint64_t arrived = be64toh(ack.arrived);
	if (got != (ssize_t)sizeof(ack) || arrived < data->arrived || arrived > data->sent)
		return bench_fail(state, "an acknowledgement that cannot be right");
	data->arrived = arrived;
	data->sum = be64toh(ack.sum);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t end = data->sent + iterations * DATAGRAMS_PER_ITERATION;
	int error = BENCH_OK;

	while (data->arrived < end && error == 0) {
		error = fill_window(state, data, end);
		if (error == 0)
			error = take_acknowledgement(state, data);
	}
	return error;
}

/* Each number once: their sum, modulo 2^64, tells it better than their count. */
static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);
	uint64_t even = data->arrived % 2 == 0 ? data->arrived / 2 : data->arrived;
	uint64_t odd = data->arrived % 2 == 0 ? data->arrived - 1 : (data->arrived - 1) / 2;

	return data->sum == even * odd ? data->arrived : 0;
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "size of a datagram; 1472 fill an Ethernet frame",
	 .value = DATAGRAM_BYTES,
	 .min = NUMBER_BYTES,
	 .max = BENCH_NET_DATAGRAM_MAX},
	{.name = "buffer_bytes",
	 .about = "SO_RCVBUF of the receiver, which limits what is under way; 0: as it is",
	 .value = 1 << 20,
	 .min = 0,
	 .max = 64 << 20},
	BENCH_NET_PEER,
	{0},
};

static const struct bench bw_udp = {
	.name = "bw_udp",
	.summary = "bytes per second in UDP datagrams of which none is lost",
	.doc = "Times send() of numbered datagrams over a connected UDP socket until a receiver in\n"
	       "another process has acknowledged the last of a batch. One operation is one datagram.\n"
	       "At most 64 are under way, fewer if the receive buffer cannot hold as many twice over,\n"
	       "and the receiver acknowledges each half of that window with a datagram of 16 bytes,\n"
	       "which is in the figure (a thirty-second of the packets). UDP alone would count what\n"
	       "was thrown away. A datagram that is lost is an error, with a peer after three seconds.\n"
	       "With peer=ADDRESS:PORT the receiver is `kbench serve` there, on the UDP port of the same\n"
	       "number; a long way then limits the figure to 64 datagrams per round trip.\n"
	       "Work proof: the receiver counts datagrams and adds up their numbers, so each arrived\n"
	       "once. Idea: re-aim counts UDP datagrams; lmbench has no such figure.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.tasks = 2,
	.operations_per_iteration = DATAGRAMS_PER_ITERATION,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.work = work,
	.teardown = bench_net_teardown,
};
BENCH_REGISTER(bw_udp);
