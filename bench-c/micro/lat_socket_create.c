// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: socket() and close() of a socket that is never used.
 * Why: the part of a short-lived connection that no packet is to blame for: a descriptor, a
 * file, an inode, and the protocol's own structure, made and freed.
 * Source: our own complement to the lmbench paper's connection cost; socket(2).
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct data {
	int domain;
	int type;
	uint64_t made;
};

static const char *const kinds[] = {"tcp", "udp", "unix", NULL};
enum { KIND_TCP, KIND_UDP, KIND_UNIX };

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int64_t kind = bench_value(state, "kind");

	data->domain = kind == KIND_UNIX ? AF_UNIX : AF_INET;
	data->type = kind == KIND_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(data->domain, data->type, 0);
	if (fd < 0)
		return bench_skip(state, "no sockets of this kind (%s): %s",
				  kind == KIND_UNIX ? "CONFIG_UNIX" : "CONFIG_INET",
				  strerror(errno));
	(void)close(fd);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int fd = socket(data->domain, data->type, 0);
		if (fd < 0)
			return bench_fail(state, "socket: %s", strerror(errno));
		if (close(fd) != 0)
			return bench_fail(state, "close: %s", strerror(errno));
		data->made++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->made;
}

static const struct bench_parameter parameters[] = {
	{.name = "kind", .about = "IPv4 TCP, IPv4 UDP, or a Unix stream", .words = kinds}, {0}};

static const struct bench lat_socket_create = {
	.name = "lat_socket_create",
	.summary = "make and close a socket",
	.doc = "Times socket() and close() of a socket that is neither bound nor connected: descriptor,\n"
	       "file, inode and the protocol's structure are made and freed. kind=tcp and udp are IPv4,\n"
	       "kind=unix is a stream. It is what lat_tcp_connect and lat_tcp_close leave out and\n"
	       "lat_tcp_request contains. Freeing is complete for these kinds when close() returns, but\n"
	       "for an inode that waits for an RCU grace period. Copies share the descriptor table as\n"
	       "threads and not as processes. Work proof: each call's result is checked; a descriptor\n"
	       "that stayed open would soon be one too many. Idea: our own, beside the lmbench paper's\n"
	       "connection cost.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_socket_create);
