// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: an ICMP echo request and its reply, over a ping socket.
 * Why: the round trip that ping shows, without a process at the other end: what lat_udp costs
 * beyond it is the other process. Against another machine it needs nothing to run there.
 * Source: a course's system measurement report compares its round trip with ping; icmp(7).
 */
#include "bench_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 128, MESSAGE_BYTES = 56, MESSAGE_MAX = 1 << 14, PATIENCE_S = 3 };

/* The same bytes for both versions of the protocol. The kernel fills in checksum and id. */
struct echo {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t id;
	uint16_t sequence;
	unsigned char payload[MESSAGE_MAX];
};

enum { HEADER_BYTES = offsetof(struct echo, payload) };

struct data {
	bool opened;
	int fd;
	uint8_t reply_type;
	size_t size;
	uint64_t replies_right;
	struct echo request;
	struct echo reply;
};

static int open_socket(struct bench_state *state, struct data *data, const char *peer)
{
	char text[TEXT_MAX];
	const char *wanted = peer[0] == '\0' ? "127.0.0.1" : peer;
	struct sockaddr_storage address;
	socklen_t length = 0;

	/* As it is, for the other benchmarks' ADDRESS:PORT serves here too. */
	(void)snprintf(text, sizeof(text), "%.100s:0", wanted);
	if (!bench_net_parse(wanted, &address, &length) &&
	    !bench_net_parse(text, &address, &length))
		return bench_fail(state, "peer=%s is not a numeric ADDRESS or [ADDRESS]", peer);
	bench_net_set_port(&address, 0);
	bool six = address.ss_family == AF_INET6;
	data->request.type = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	data->reply_type = six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
	data->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC,
			  six ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);
	if (data->fd < 0)
		return bench_skip(state,
				  "no ping socket: %s; sysctl net.ipv4.ping_group_range='0 "
				  "2147483647' allows them to all groups",
				  strerror(errno));
	data->opened = true;
	/* Its timer costs nothing where the reply is there before anybody waits. */
	const struct timeval limit = {.tv_sec = PATIENCE_S};
	if (setsockopt(data->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    connect(data->fd, (struct sockaddr *)&address, length) != 0)
		return bench_fail(state, "cannot reach the other side: %s", strerror(errno));
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	const char *peer = bench_text(state, "peer");
	int error = BENCH_OK;

	if (peer[0] == '\0')
		error = bench_need_loopback(state);
	else
		bench_set_remote(state);
	if (error == 0)
		error = open_socket(state, data, peer);
	if (error != 0)
		return error;
	size_t message_bytes = (size_t)bench_value(state, "message_bytes");
	data->size = HEADER_BYTES + message_bytes;
	memset(data->request.payload, 'k', message_bytes);
	if (send(data->fd, &data->request, data->size, 0) == (ssize_t)data->size &&
	    recv(data->fd, &data->reply, data->size, 0) == (ssize_t)data->size)
		return BENCH_OK;
	return bench_skip(state, "the other side does not answer echo requests: %s",
			  bench_net_error());
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		data->request.sequence = htons((uint16_t)i);
		if (send(data->fd, &data->request, data->size, 0) != (ssize_t)data->size)
			return bench_fail(state, "send: %s", bench_net_error());
		ssize_t got = recv(data->fd, &data->reply, sizeof(data->reply), 0);
		if (got < 0)
			return bench_fail(state, "recv: %s", bench_net_error());
		if (got != (ssize_t)data->size || data->reply.type != data->reply_type ||
		    data->reply.sequence != data->request.sequence)
			return bench_fail(state, "a reply to another request");
		data->replies_right++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->replies_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->opened)
		(void)close(data->fd);
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "bytes after the header of 8",
	 .value = MESSAGE_BYTES,
	 .min = 0,
	 .max = MESSAGE_MAX},
	{.name = "peer",
	 .text = "",
	 .about =
		 "numeric ADDRESS or [ADDRESS] of any machine (a :PORT does nothing); not given: 127.0.0.1"},
	{0},
};

static const struct bench lat_icmp = {
	.name = "lat_icmp",
	.summary = "round trip of an ICMP echo",
	.doc = "Times send() of an ICMP echo request of 56 bytes and a header, as ping sends it, and\n"
	       "recv() of the reply. A kernel answers it, no process: on 127.0.0.1 the reply is there\n"
	       "when send() returns, with no wake-up and no context switch. With peer=ADDRESS (no port)\n"
	       "it is the round trip to any machine that answers pings. A reply that does not come within\n"
	       "three seconds is an error. It uses a ping socket, for which no privilege is needed but\n"
	       "net.ipv4.ping_group_range must hold one of the user's groups: else it is skipped.\n"
	       "Work proof: each reply is of the right type and size and has its request's number.\n"
	       "Idea: a course's system measurement report, which compares round trips with ping.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_icmp);
