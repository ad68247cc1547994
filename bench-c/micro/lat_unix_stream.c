// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message to another process and back through a pair of connected unix stream sockets.
 * Why: the socket layer without a network: buffers, credentials and wake-ups, but no protocol.
 * Source: lmbench paper (USENIX 1996), interprocess communication latencies; unix(7).
 */
#include "bench_pair.h"

#include <sys/socket.h>

static int setup(struct bench_state *state)
{
	return bench_pair_start_unix(state, bench_data(state), SOCK_STREAM);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_pair *pair = bench_data(state);
	int error = 0;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_pair_pass(state, pair);
	return error;
}

static const struct bench lat_unix_stream = {
	.name = "lat_unix_stream",
	.summary = "round trip of a message through unix stream sockets",
	.doc = "Times write() of a message to a connected unix stream socket and read() of the\n"
	       "answer, while a second process reads from the other end and writes back: per\n"
	       "direction a system call on each side, a wake-up and a context switch, and beside a\n"
	       "pipe a socket buffer allocated and freed. read() and write(), not send() and recv(),\n"
	       "as for pipes. A large message may arrive in parts.\n"
	       "Work proof: the other process counts what it sends back, each message is stamped\n"
	       "anew and checked, and on one CPU two context switches a round trip were counted.\n"
	       "Idea: lmbench paper, interprocess communication latencies.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = bench_pair_parameters,
	.data_size = sizeof(struct bench_pair),
	.setup = setup,
	.run = run,
	.work = bench_pair_work,
	.teardown = bench_pair_teardown,
};
BENCH_REGISTER(lat_unix_stream);
