// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pipe_cpy, fifo_test, stream_pipe, dgram_pipe, tcp_test, udp_test: numbered blocks of 1 KiB
 * through a channel of which the process holds both ends, each read back and compared before
 * the next is sent. Making and closing the channel is part of the job. Exactly the stated
 * number of messages goes through; the released program sent one less.
 * Source: pipe(7), fifo(7), unix(7), tcp(7), udp(7).
 */
#include "reaim_op.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { MESSAGES = 100, TCP_MESSAGES = 90, MESSAGE_WORDS = 128, PATIENCE_S = 10 };

struct message {
	uint64_t words[MESSAGE_WORDS];
};

struct channel {
	int from, to;
};

static const struct channel closed_channel = {-1, -1};

static void close_one(int descriptor)
{
	if (descriptor >= 0)
		(void)close(descriptor);
}

static void close_channel(const struct channel *channel)
{
	close_one(channel->from);
	close_one(channel->to);
}

static int send_message(struct reaim_job *job, int to, const struct message *message)
{
	const char *bytes = (const char *)message;

	for (size_t sent = 0; sent < sizeof(*message);) {
		ssize_t count = write(to, bytes + sent, sizeof(*message) - sent);
		if (count > 0)
			sent += (size_t)count;
		else if (count == 0 || errno != EINTR)
			return reaim_fail(job, "write: %m");
	}
	return REAIM_OK;
}

static int receive_message(struct reaim_job *job, int from, struct message *message)
{
	char *bytes = (char *)message;

	for (size_t received = 0; received < sizeof(*message);) {
		ssize_t count = read(from, bytes + received, sizeof(*message) - received);
		if (count > 0)
			received += (size_t)count;
		else if (count == 0)
			return reaim_fail(job, "read: the channel ended within a message");
		else if (errno != EINTR)
			return reaim_fail(job, "read: %m");
	}
	return REAIM_OK;
}

/* Every word of a message names it. */
static int exchange(struct reaim_job *job, const struct channel *channel, uint64_t count)
{
	uint64_t first = reaim_random(job);

	for (uint64_t i = 0; i < count; i++) {
		struct message sent, received = {0};
		for (uint64_t j = 0; j < MESSAGE_WORDS; j++)
			sent.words[j] = first + i * MESSAGE_WORDS + j;
		if (send_message(job, channel->to, &sent) != REAIM_OK ||
		    receive_message(job, channel->from, &received) != REAIM_OK)
			return REAIM_ERROR;
		if (memcmp(&sent, &received, sizeof(sent)) != 0)
			return reaim_fail(job, "message %d arrived as another", (int)i);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static int pipe_run(struct reaim_job *job)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return reaim_fail(job, "pipe: %m");
	struct channel channel = {ends[0], ends[1]};
	int status = exchange(job, &channel, MESSAGES);
	close_channel(&channel);
	return status;
}

static int socket_pair_run(struct reaim_job *job, int type)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
		return reaim_fail(job, "socketpair: %m");
	struct channel channel = {ends[0], ends[1]};
	int status = exchange(job, &channel, MESSAGES);
	close_channel(&channel);
	return status;
}

static int stream_run(struct reaim_job *job)
{
	return socket_pair_run(job, SOCK_STREAM);
}

static int datagram_run(struct reaim_job *job)
{
	return socket_pair_run(job, SOCK_DGRAM);
}

/* The reader must be there before the writer opens, or open() would wait for it. */
static int open_fifo(struct reaim_job *job, const char *path, struct channel *channel)
{
	channel->from = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (channel->from < 0)
		return reaim_fail(job, "open %s to read: %m", path);
	channel->to = open(path, O_WRONLY | O_CLOEXEC);
	if (channel->to < 0)
		return reaim_fail(job, "open %s to write: %m", path);
	if (fcntl(channel->from, F_SETFL, O_RDONLY) != 0)
		return reaim_fail(job, "fcntl F_SETFL: %m");
	return REAIM_OK;
}

static int fifo_run(struct reaim_job *job)
{
	char path[PATH_MAX];
	struct channel channel = closed_channel;
	int status = reaim_path(job, "fifo", path, sizeof(path));

	if (status != REAIM_OK)
		return status;
	if (mkfifo(path, 0600) != 0)
		return reaim_fail(job, "mkfifo %s: %m", path);
	status = open_fifo(job, path, &channel);
	if (status == REAIM_OK)
		status = exchange(job, &channel, MESSAGES);
	close_channel(&channel);
	if (unlink(path) != 0 && status == REAIM_OK)
		status = reaim_fail(job, "unlink %s: %m", path);
	return status;
}

/* On a port of 127.0.0.1 that the kernel chooses; it gives back the address. A message that
 * does not come is an error, not a hang. -1 if it failed. */
static int bound_socket(struct reaim_job *job, int type, struct sockaddr_in *address)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	socklen_t size = sizeof(*address);
	int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (descriptor < 0) {
		(void)reaim_fail(job, "socket: %m");
		return -1;
	}
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		(void)reaim_fail(job, "setsockopt SO_RCVTIMEO: %m");
	else if (bind(descriptor, (struct sockaddr *)address, size) != 0)
		(void)reaim_fail(job, "bind to 127.0.0.1: %m");
	else if (getsockname(descriptor, (struct sockaddr *)address, &size) != 0)
		(void)reaim_fail(job, "getsockname: %m");
	else
		return descriptor;
	(void)close(descriptor);
	return -1;
}

/* Before the pass: looks the way up, and sends nothing. */
static int need_loopback(struct reaim_job *job)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(1),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status = REAIM_OK;

	if (descriptor < 0 && errno == EAFNOSUPPORT)
		return reaim_skip(job, "socket: %m: this kernel has no IPv4");
	if (descriptor < 0)
		return reaim_fail(job, "socket: %m");
	if (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) != 0)
		status = errno == ENETUNREACH
				 ? reaim_skip(job, "way to 127.0.0.1: %m: interface lo is down")
				 : reaim_fail(job, "way to 127.0.0.1: %m");
	(void)close(descriptor);
	return status;
}

static int connect_to(struct reaim_job *job, int descriptor, const struct sockaddr_in *address)
{
	if (connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return reaim_fail(job, "connect to 127.0.0.1:%d: %m", ntohs(address->sin_port));
	return REAIM_OK;
}

/* No Nagle, or a block would wait for the answer to the last; and closed by a reset, or
 * thousands of jobs would use up the ports with connections in TIME_WAIT. */
static int set_tcp_options(struct reaim_job *job, int descriptor)
{
	const int on = 1;
	const struct linger reset = {.l_onoff = 1};

	if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		return reaim_fail(job, "setsockopt TCP_NODELAY: %m");
	if (setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0)
		return reaim_fail(job, "setsockopt SO_LINGER: %m");
	return REAIM_OK;
}

/* The listening socket has room for the one connection: no SYN is ever sent twice. */
static int open_tcp(struct reaim_job *job, struct channel *channel)
{
	struct sockaddr_in address, own;
	int status = REAIM_ERROR, listener = bound_socket(job, SOCK_STREAM, &address);

	if (listener < 0)
		return REAIM_ERROR;
	if (listen(listener, 1) != 0) {
		(void)reaim_fail(job, "listen: %m");
		goto out;
	}
	channel->to = bound_socket(job, SOCK_STREAM, &own);
	if (channel->to < 0 || set_tcp_options(job, channel->to) != REAIM_OK ||
	    connect_to(job, channel->to, &address) != REAIM_OK)
		goto out;
	channel->from = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (channel->from < 0)
		(void)reaim_fail(job, "accept: %m");
	else
		status = REAIM_OK;
out:
	(void)close(listener);
	return status;
}

static int tcp_run(struct reaim_job *job)
{
	struct channel channel = closed_channel;
	int status = open_tcp(job, &channel);

	if (status == REAIM_OK)
		status = exchange(job, &channel, TCP_MESSAGES);
	close_one(channel.to); /* first, since it resets */
	close_one(channel.from);
	return status;
}

/* Each connected to the other, so that nobody else's datagram comes in between. */
static int udp_run(struct reaim_job *job)
{
	struct sockaddr_in from_address, to_address;
	struct channel channel = closed_channel;
	int status = REAIM_ERROR;

	channel.from = bound_socket(job, SOCK_DGRAM, &from_address);
	if (channel.from >= 0)
		channel.to = bound_socket(job, SOCK_DGRAM, &to_address);
	if (channel.to >= 0 && connect_to(job, channel.to, &from_address) == REAIM_OK &&
	    connect_to(job, channel.from, &to_address) == REAIM_OK)
		status = exchange(job, &channel, MESSAGES);
	close_channel(&channel);
	return status;
}

#define MESSAGE_OP(name_, count_, unit_, setup_, run_, channel_)                                   \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = unit_,                                                                     \
		.doc = "Opens " channel_ ", sends numbered blocks of 1 KiB through, each read "    \
		       "back and compared before the next is sent, and closes it. One process "    \
		       "holds both ends. The released program sent one block less than it said.",  \
		.operations = count_,                                                              \
		.work_per_job = count_,                                                            \
		.setup = setup_,                                                                   \
		.run = run_,                                                                       \
	};                                                                                         \
	REAIM_REGISTER(name_)

MESSAGE_OP(pipe_cpy, MESSAGES, "Pipe Messages", NULL, pipe_run, "a pipe");
MESSAGE_OP(fifo_test, MESSAGES, "FIFO Messages", NULL, fifo_run, "a new FIFO");
MESSAGE_OP(stream_pipe, MESSAGES, "Stream Pipe Messages", NULL, stream_run,
	   "a pair of Unix stream sockets");
MESSAGE_OP(dgram_pipe, MESSAGES, "DataGram Pipe Messages", NULL, datagram_run,
	   "a pair of Unix datagram sockets");
MESSAGE_OP(tcp_test, TCP_MESSAGES, "TCP/IP Messages", need_loopback, tcp_run,
	   "a TCP connection over 127.0.0.1 on free ports");
MESSAGE_OP(udp_test, MESSAGES, "UDP/IP DataGrams", need_loopback, udp_run,
	   "two UDP sockets on free ports of 127.0.0.1");
