// SPDX-License-Identifier: GPL-2.0-or-later
/* A message to and fro. Each process keeps its own ends only, so the death of one is an end of
 * file for the other, never a hang. */
#include "bench_pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1, MESSAGE_BYTES_MAX = 65536 };

const struct bench_parameter bench_pair_parameters[] = {
	{.name = "message_bytes",
	 .about = "sent and sent back",
	 .value = MESSAGE_BYTES,
	 .min = 1,
	 .max = MESSAGE_BYTES_MAX},
	{0},
};

static bool send_all(int to, const unsigned char *message, size_t bytes)
{
	while (bytes > 0) {
		ssize_t sent = write(to, message, bytes);
		if (sent <= 0)
			return false;
		message += sent;
		bytes -= (size_t)sent;
	}
	return true;
}

/* How much came before the end of file, or -1. */
static ssize_t receive_all(int from, unsigned char *message, size_t bytes)
{
	size_t got = 0;

	while (got < bytes) {
		ssize_t more = read(from, message + got, bytes - got);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
		got += (size_t)more;
	}
	return (ssize_t)got;
}

static void close_ends(int from, int to)
{
	(void)close(from);
	if (to != from)
		(void)close(to);
}

static int echo(struct bench_state *state)
{
	struct bench_pair *pair = bench_data(state);
	ssize_t got;

	close_ends(pair->parent_from, pair->parent_to);
	for (;;) {
		got = receive_all(pair->child_from, pair->message, pair->bytes);
		if (got != (ssize_t)pair->bytes)
			break;
		++*pair->echoed; /* before the answer: the parent reads it after */
		if (!send_all(pair->child_to, pair->message, pair->bytes))
			return bench_fail(state, "cannot send back: %s", strerror(errno));
	}
	if (got == 0)
		return BENCH_OK;
	return bench_fail(state, "cannot receive: %s", got < 0 ? strerror(errno) : "cut short");
}

int bench_pair_start(struct bench_state *state, struct bench_pair *pair)
{
	size_t bytes = (size_t)bench_value(state, "message_bytes");

	pair->open = true;
	pair->bytes = bytes;
	pair->message = calloc(bytes, 1);
	pair->echoed = bench_shared(state, sizeof(*pair->echoed));
	if (pair->message == NULL || pair->echoed == NULL)
		return bench_fail(state, "no memory for a message of %zu bytes", bytes);
	memset(pair->message, 'k', bytes); /* touch every page before it is timed */
	int error = bench_spawn(state, echo);
	if (error != 0)
		return error;
	close_ends(pair->child_from, pair->child_to);
	pair->child_from = -1;
	pair->child_to = -1;
	return BENCH_OK;
}

int bench_pair_start_unix(struct bench_state *state, struct bench_pair *pair, int type)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
		return errno == EAFNOSUPPORT
			       ? bench_skip(state, "no unix sockets: needs CONFIG_UNIX")
			       : bench_fail(state, "socketpair: %s", strerror(errno));
	pair->datagrams = type == SOCK_DGRAM;
	pair->parent_from = ends[0];
	pair->parent_to = ends[0];
	pair->child_from = ends[1];
	pair->child_to = ends[1];
	return bench_pair_start(state, pair);
}

int bench_pair_pass(struct bench_state *state, struct bench_pair *pair)
{
	unsigned char *message = pair->message;
	size_t last = pair->bytes - 1;
	unsigned char stamp = ++pair->stamp;

	message[0] = stamp;
	message[last] = stamp;
	if (!send_all(pair->parent_to, message, pair->bytes))
		return bench_fail(state, "cannot send: %s", strerror(errno));
	message[0] = 0;
	message[last] = 0;
	ssize_t got = receive_all(pair->parent_from, message, pair->bytes);
	if (got < 0)
		return bench_fail(state, "cannot receive: %s", strerror(errno));
	if ((size_t)got != pair->bytes)
		return bench_fail(state, "the other process ended early");
	if (message[0] != stamp || message[last] != stamp)
		return bench_fail(state, "another message came back");
	return BENCH_OK;
}

uint64_t bench_pair_work(struct bench_state *state)
{
	const struct bench_pair *pair = bench_data(state);

	return *pair->echoed;
}

void bench_pair_teardown(struct bench_state *state)
{
	struct bench_pair *pair = bench_data(state);

	if (!pair->open)
		return;
	if (pair->datagrams)
		(void)!write(pair->parent_to, "", 0);
	close_ends(pair->parent_from, pair->parent_to);
	if (pair->child_from >= 0)
		close_ends(pair->child_from, pair->child_to);
	free(pair->message);
	pair->message = NULL;
	pair->open = false;
}
