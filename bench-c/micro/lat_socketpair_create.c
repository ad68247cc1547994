// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: socketpair() and close() of both its Unix sockets.
 * Why: what a program pays to have a two-way channel to a child; the rival is pipe(), twice.
 * Source: our own complement to the lmbench paper's IPC; socketpair(2), unix(7).
 */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct data {
	int type;
	uint64_t made;
};

static const char *const kinds[] = {"stream", "dgram", "seqpacket", NULL};
static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int pair[2];

	data->type = types[bench_value(state, "kind")];
	if (socketpair(AF_UNIX, data->type, 0, pair) != 0)
		return bench_skip(state, "no Unix sockets of this kind (CONFIG_UNIX): %s",
				  strerror(errno));
	(void)close(pair[0]);
	(void)close(pair[1]);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int pair[2];
		if (socketpair(AF_UNIX, data->type, 0, pair) != 0)
			return bench_fail(state, "socketpair: %s", strerror(errno));
		if (close(pair[0]) != 0 || close(pair[1]) != 0)
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
	{.name = "kind", .about = "type of the Unix sockets", .words = kinds}, {0}};

static const struct bench lat_socketpair_create = {
	.name = "lat_socketpair_create",
	.summary = "make and close a pair of connected Unix sockets",
	.doc = "Times socketpair(AF_UNIX) and close() of both sockets, which have carried nothing: two\n"
	       "descriptors, files, inodes and Unix sockets are made, connected and freed. One operation\n"
	       "is one pair. kind is the sockets' type; a stream's pair is what a parent and its child\n"
	       "talk over. Compare with lat_socket_create:kind=unix, of which it should cost about twice\n"
	       "as much. Copies share the descriptor table as threads and not as processes.\n"
	       "Work proof: each call's result is checked; a descriptor that stayed open would soon be\n"
	       "one too many. Idea: our own, beside the lmbench paper's interprocess communication.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_socketpair_create);
