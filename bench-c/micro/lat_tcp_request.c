// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a short life: socket(), connect(), one byte there, one byte back, end of file, close();
 * in another process accept(), read, write, close().
 * Why: the paper's case of a connection for a single message, against which it holds UDP. The
 * server closes first, as in HTTP/1.0: TIME_WAIT is at its port, which is new for each batch.
 * Source: lmbench paper (USENIX 1996), TCP connection, "short-lived"; accept(2), connect(2).
 */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct data {
	struct bench_net net;
	uint64_t served;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	return bench_net_open(state, &data->net, BENCH_NET_REQUEST, 1, 0);
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return bench_net_listen(state, &data->net, iterations);
}

static int talk(struct bench_state *state, struct data *data, int fd, unsigned char question)
{
	unsigned char answer[2];

	int error = bench_net_connect(state, &data->net, fd);
	if (error != 0)
		return error;
	if (write(fd, &question, 1) != 1)
		return bench_fail(state, "write: %s", bench_net_error());
	ssize_t got = read(fd, answer, sizeof(answer));
	if (got < 0)
		return bench_fail(state, "read: %s", bench_net_error());
	if (got != 1 || answer[0] != (unsigned char)~question)
		return bench_fail(state, "an answer to another message");
	got = read(fd, answer, sizeof(answer));
	if (got != 0)
		return bench_fail(state, "no end of file: %s",
				  got > 0 ? "data" : bench_net_error());
	data->net.answers_right++;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int fd = bench_net_socket(state, &data->net);
		if (fd < 0)
			return BENCH_ERROR;
		int error = talk(state, data, fd, (unsigned char)i);
		if (close(fd) != 0 && error == 0)
			error = bench_fail(state, "close: %s", strerror(errno));
		if (error != 0)
			return error;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	int error = bench_net_served(state, &data->net, &data->served);
	if (error == 0 && data->served != data->net.answers_right)
		error = bench_fail(state, "the server has served another number of connections");
	return error != 0 ? error : bench_net_check_counters(state, &data->net, true);
}

static const struct bench_parameter parameters[] = {BENCH_NET_PEER, {0}};

static const struct bench lat_tcp_request = {
	.name = "lat_tcp_request",
	.summary = "a TCP connection for one question and one answer",
	.doc = "Times socket(), connect(), write() of a byte, read() of the answer, read() of end of file\n"
	       "and close(), while another process accepts each connection, reads, answers and closes.\n"
	       "One operation is one connection: set-up, a round trip and tear-down, what a request\n"
	       "without keep-alive costs. Compare with lat_udp (the same exchange without a connection)\n"
	       "and lat_tcp (with one that stays). The server closes first, so that TIME_WAIT is at its\n"
	       "port, a new one for each batch of up to 64, and ports do not run out. Beyond\n"
	       "net.ipv4.tcp_max_tw_buckets the kernel frees sockets at once instead. One connection is\n"
	       "open at a time, so no queue can overflow and no SYN is sent twice. With\n"
	       "peer=ADDRESS:PORT the server is `kbench serve` there, and its port is an ephemeral one.\n"
	       "Work proof: each answer is the complement of its question and the server counts as many;\n"
	       "the namespace's ListenOverflows and TCPTimeouts must not have moved, so another\n"
	       "program's timer there is an error too. Idea: lmbench paper, short-lived connections.",
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
	.work = bench_net_work,
	.teardown = bench_net_teardown,
};
BENCH_REGISTER(lat_tcp_request);
