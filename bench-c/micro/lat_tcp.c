// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message over an established TCP connection to another process, and the answer.
 * Why: the shortest conversation that can also leave the machine: the whole stack down and up,
 * a wake-up and a context switch in each direction. TCP_NODELAY: a message is never held back.
 * Source: lmbench paper (USENIX 1996), TCP latency; tcp(7).
 */
#include "bench_net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static int setup(struct bench_state *state)
{
	struct bench_net *net = bench_data(state);
	const int on = 1;

	int error = bench_net_open(state, net, BENCH_NET_ECHO,
				   (size_t)bench_value(state, "message_bytes"), 0);
	if (error == 0 && setsockopt(net->data, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		error = bench_fail(state, "TCP_NODELAY: %s", bench_net_error());
	return error;
}

/* An answer may come in several pieces. */
static int answer_read(struct bench_state *state, const struct bench_net *net)
{
	for (size_t done = 0; done < net->message_bytes;) {
		ssize_t got = read(net->data, net->answer + done, net->message_bytes - done);
		if (got <= 0) {
			errno = got == 0 ? 0 : errno;
			return bench_fail(state, "read: %s", bench_net_error());
		}
		done += (size_t)got;
	}
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_net *net = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		net->message[0] = (unsigned char)i;
		if (write(net->data, net->message, net->message_bytes) !=
		    (ssize_t)net->message_bytes)
			return bench_fail(state, "write: %s", bench_net_error());
		int error = answer_read(state, net);
		if (error != 0)
			return error;
		if (net->answer[0] != (unsigned char)~net->message[0])
			return bench_fail(state, "an answer to another message");
		net->answers_right++;
	}
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "size of the message and of its answer",
	 .value = 1,
	 .min = 1,
	 .max = 64 << 10},
	BENCH_NET_PEER,
	{0},
};

static const struct bench lat_tcp = {
	.name = "lat_tcp",
	.summary = "round trip of a message over TCP",
	.doc = "Times write() of a message to a TCP connection that is already established, and read()\n"
	       "of an answer of the same size, while another process reads it and writes back: the\n"
	       "network stack four times, two wake-ups. Sockets block and have TCP_NODELAY; answers\n"
	       "carry the acknowledgements, so a round trip is two packets. On 127.0.0.1 there is no\n"
	       "device in it; the difference to lat_pipe is what the stack costs. With peer=ADDRESS:PORT\n"
	       "the other process is `kbench serve` there, and the figure is that of wire, devices and\n"
	       "interrupts as well, and its median is quoted.\n"
	       "Work proof: the other process complements the first byte, which counts the messages, and\n"
	       "each answer is checked; on one CPU there must be two context switches each time.\n"
	       "Idea: lmbench paper, TCP latency (a word; one byte here).",
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
BENCH_REGISTER(lat_tcp);
