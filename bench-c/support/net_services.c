// SPDX-License-Identifier: GPL-2.0-or-later
/* The services of a session: to answer, count or accept until the client ends. Nothing that
 * comes over the net is trusted. */
#include "bench_net_wire.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SESSION_PATIENCE_S = 30 }; /* nothing is asked for so long: the client is gone */

bool bench_net_limit_wait(const struct net_session *session, int fd, int seconds)
{
	const struct timeval limit = {.tv_sec = seconds};

	return session->patient ||
	       (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
}

/* The first byte comes back as its complement: it has been in our hands. */
static int echo(struct net_session *session)
{
	while (bench_read_all(session->control, session->message, session->message_bytes)) {
		session->message[0] = (unsigned char)~session->message[0];
		if (!bench_write_all(session->control, session->message, session->message_bytes))
			return 1;
	}
	return errno == 0 || errno == ECONNRESET ? 0 : 1;
}

static bool client_is_gone(const struct net_session *session)
{
	char byte;
	ssize_t got = recv(session->control, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* A datagram, or -1 when the client is gone or has been silent for too long. */
static ssize_t receive(struct net_session *session)
{
	for (int silent_s = 0; session->patient || silent_s < SESSION_PATIENCE_S;) {
		ssize_t got = recv(session->udp, session->message, session->message_bytes + 1, 0);
		if (got >= 0)
			return got;
		if (errno == EAGAIN)
			silent_s++;
		else if (errno != EINTR && errno != ECONNREFUSED)
			return -1;
		if (client_is_gone(session))
			return -1;
	}
	return -1;
}

static int udp_echo(struct net_session *session)
{
	ssize_t got;

	while ((got = receive(session)) > 0) {
		session->message[0] = (unsigned char)~session->message[0];
		if (send(session->udp, session->message, (size_t)got, 0) != got)
			return 1;
	}
	return got == 0 ? 0 : 1;
}

static bool acknowledge(const struct net_session *session, uint64_t arrived, uint64_t sum)
{
	struct net_acknowledgement ack = {htobe64(arrived), htobe64(sum)};

	return send(session->udp, &ack, sizeof(ack), 0) == (ssize_t)sizeof(ack);
}

/* Datagrams may come in any order, but all of a batch. */
static bool count_batch(struct net_session *session, uint64_t datagrams, uint64_t *arrived,
			uint64_t *sum)
{
	uint64_t half_window = (session->window + 1) / 2;

	for (uint64_t i = 1; i <= datagrams; i++) {
		uint64_t number;
		ssize_t got = receive(session);
		if (got != (ssize_t)session->message_bytes)
			return false;
		memcpy(&number, session->message, sizeof(number));
		*sum += be64toh(number);
		++*arrived;
		if ((i % half_window == 0 || i == datagrams) &&
		    !acknowledge(session, *arrived, *sum))
			return false;
	}
	return true;
}

static int udp_count(struct net_session *session)
{
	uint64_t datagrams;
	uint64_t arrived = 0;
	uint64_t sum = 0;

	while (bench_read_number(session->control, &datagrams)) {
		if (!bench_write_number(session->control, datagrams) ||
		    !count_batch(session, datagrams, &arrived, &sum))
			return 1;
	}
	return errno == 0 || errno == ECONNRESET ? 0 : 1;
}

/* A port of its own for each batch: no connection meets an earlier one in TIME_WAIT. */
static int listen_for(const struct net_session *session, int connections, uint64_t *port)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	const int on = 1;

	if (getsockname(session->control, (struct sockaddr *)&address, &length) != 0)
		return -1;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	bench_net_set_port(&address, 0);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    !bench_net_limit_wait(session, fd, SESSION_PATIENCE_S) ||
	    bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, connections) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		(void)close(fd);
		return -1;
	}
	*port = bench_net_port(&address);
	return fd;
}

static int accept_one(const struct net_session *session, int listener)
{
	int fd;

	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd >= 0 && !bench_net_limit_wait(session, fd, SESSION_PATIENCE_S)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* The client ends it, in whatever way. */
static bool await_end(int fd)
{
	char byte;
	ssize_t got;

	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	bool ended = got == 0 || (got < 0 && errno == ECONNRESET);
	(void)close(fd);
	return ended;
}

static bool accept_batch(struct net_session *session, int listener, int connections,
			 uint64_t *served)
{
	for (int i = 0; i < connections; i++) {
		session->accepted[i] = accept_one(session, listener);
		if (session->accepted[i] < 0)
			return false;
		++*served;
	}
	return bench_write_number(session->control, *served);
}

static bool connect_batch(struct net_session *session, int listener, int connections,
			  uint64_t *served)
{
	uint64_t connected;
	bool right = bench_read_number(session->control, &connected) &&
		     accept_batch(session, listener, connections, served);

	for (int i = 0; right && i < connections; i++)
		right = await_end(session->accepted[i]);
	return right && bench_write_number(session->control, *served);
}

static bool close_batch(struct net_session *session, int listener, int connections,
			uint64_t *served)
{
	uint64_t ready;
	uint64_t accepted = *served;
	bool right = accept_batch(session, listener, connections, &accepted) &&
		     bench_read_number(session->control, &ready);

	for (int i = 0; right && i < connections; i++) {
		right = shutdown(session->accepted[i], SHUT_WR) == 0 &&
			await_end(session->accepted[i]);
		*served += right;
	}
	return right && bench_write_number(session->control, *served);
}

static bool request_batch(struct net_session *session, int listener, int connections,
			  uint64_t *served)
{
	for (int i = 0; i < connections; i++) {
		int fd = accept_one(session, listener);
		if (fd < 0)
			return false;
		bool right = bench_read_all(fd, session->message, session->message_bytes);
		session->message[0] = (unsigned char)~session->message[0];
		right = right && bench_write_all(fd, session->message, session->message_bytes);
		(void)close(fd);
		if (!right)
			return false;
		++*served;
	}
	return bench_write_number(session->control, *served);
}

typedef bool batch_fn(struct net_session *session, int listener, int connections, uint64_t *served);

static int serve_connections(struct net_session *session, batch_fn *serve_batch)
{
	uint64_t connections;
	uint64_t served = 0;
	uint64_t port = 0;

	while (bench_read_number(session->control, &connections)) {
		if (connections == 0 || connections > BENCH_NET_BATCH_MAX)
			return 1;
		int listener = listen_for(session, (int)connections, &port);
		if (listener < 0)
			return 1;
		bool right = bench_write_number(session->control, port) &&
			     serve_batch(session, listener, (int)connections, &served);
		(void)close(listener);
		if (!right)
			return 1;
	}
	return errno == 0 || errno == ECONNRESET ? 0 : 1;
}

int bench_net_serve(struct net_session *session, enum bench_net_service service)
{
	switch (service) {
	case BENCH_NET_ECHO:
		return echo(session);
	case BENCH_NET_COUNT:
		return bench_bulk_serve(session->control, session->control, session->message_bytes);
	case BENCH_NET_UDP_ECHO:
		return udp_echo(session);
	case BENCH_NET_UDP_COUNT:
		return udp_count(session);
	case BENCH_NET_CONNECT:
		return serve_connections(session, connect_batch);
	case BENCH_NET_CLOSE:
		return serve_connections(session, close_batch);
	case BENCH_NET_REQUEST:
		return serve_connections(session, request_batch);
	case BENCH_NET_SERVICES:
		break;
	}
	return 1;
}
