// SPDX-License-Identifier: GPL-2.0-or-later
/* The other side of a session, up to its service: what is asked for is checked and prepared. */
#include "bench_net_wire.h"

#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	REQUEST_PATIENCE_S = 3,
	SESSION_PATIENCE_S = 30,
	BUFFER_BYTES_MAX = 64 << 20,
	WINDOW_MAX = 64,
	DATAGRAM_OVERHEAD = 1024, /* what the kernel needs to keep one, besides its bytes */
	SPARE = 2,		  /* times as much room as a window needs */
};

/* The number of the TCP port if nobody has it, for it passes firewalls; else any. */
static bool bind_udp(int fd, struct sockaddr_storage *own, socklen_t length)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)own, length) == 0)
		return true;
	bench_net_set_port(own, 0);
	return bind(fd, (struct sockaddr *)own, length) == 0;
}

/* Connected to the client's address: nobody else is answered or counted. */
static bool open_udp(struct net_session *session, uint16_t client_port, size_t buffer_bytes)
{
	struct sockaddr_storage own = {0};
	struct sockaddr_storage client = {0};
	socklen_t length = sizeof(own);
	socklen_t client_length = sizeof(client);
	int size = (int)buffer_bytes;

	if (getsockname(session->control, (struct sockaddr *)&own, &length) != 0 ||
	    getpeername(session->control, (struct sockaddr *)&client, &client_length) != 0)
		return false;
	session->udp = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (session->udp < 0 || !bind_udp(session->udp, &own, length))
		return false;
	bench_net_set_port(&client, client_port);
	return (size == 0 ||
		setsockopt(session->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0) &&
	       bench_net_limit_wait(session, session->udp, 1) &&
	       connect(session->udp, (struct sockaddr *)&client, client_length) == 0;
}

/* No more datagrams than the receive buffer is sure to hold. */
static bool choose_window(struct net_session *session)
{
	int room = 0;
	socklen_t length = sizeof(room);

	if (getsockopt(session->udp, SOL_SOCKET, SO_RCVBUF, &room, &length) != 0)
		return false;
	size_t window = (size_t)room / (SPARE * (session->message_bytes + DATAGRAM_OVERHEAD));
	session->window = window > WINDOW_MAX ? WINDOW_MAX : (unsigned)window;
	return session->window > 0;
}

static bool is_udp(unsigned service)
{
	return service == BENCH_NET_UDP_ECHO || service == BENCH_NET_UDP_COUNT;
}

static bool sizes_fit(const struct net_request *request)
{
	unsigned service = be16toh(request->service);
	size_t message_bytes = be32toh(request->message_bytes);
	size_t most = is_udp(service) ? BENCH_NET_DATAGRAM_MAX : BENCH_NET_MESSAGE_MAX;
	size_t least = service == BENCH_NET_UDP_COUNT ? sizeof(uint64_t) : 1;

	return service >= BENCH_NET_ECHO && service < BENCH_NET_SERVICES &&
	       message_bytes >= least && message_bytes <= most &&
	       be32toh(request->buffer_bytes) <= BUFFER_BYTES_MAX &&
	       is_udp(service) == (request->udp_port != 0);
}

static bool tune_control(const struct net_session *session, size_t buffer_bytes)
{
	const int on = 1;
	int size = (int)buffer_bytes;
	int fd = session->control;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == 0 &&
	       (size == 0 || (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0 &&
			      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0)) &&
	       bench_net_limit_wait(session, fd, SESSION_PATIENCE_S);
}

static enum net_status prepare(struct net_session *session, const struct net_request *request)
{
	size_t buffer_bytes = be32toh(request->buffer_bytes);

	if (be16toh(request->version) != NET_VERSION)
		return NET_OTHER_VERSION;
	if (!sizes_fit(request))
		return NET_BAD_REQUEST;
	session->message_bytes = be32toh(request->message_bytes);
	session->message = bench_net_pages(session->message_bytes + 1);
	if (session->message == NULL)
		return NET_BUSY;
	bool udp = is_udp(be16toh(request->service));
	if (!tune_control(session, udp ? 0 : buffer_bytes))
		return NET_NO_SOCKET;
	if (!udp)
		return NET_OK;
	if (!open_udp(session, be16toh(request->udp_port), buffer_bytes))
		return NET_NO_SOCKET;
	if (be16toh(request->service) != BENCH_NET_UDP_COUNT)
		return NET_OK;
	return choose_window(session) ? NET_OK : NET_SMALL_BUFFER;
}

static bool answer(const struct net_session *session, enum net_status status)
{
	struct net_reply reply = {.magic = htobe32(NET_MAGIC),
				  .status = htobe16((uint16_t)status),
				  .window = htobe32(session->window)};
	struct sockaddr_storage own = {0};
	socklen_t length = sizeof(own);

	if (session->udp >= 0 && getsockname(session->udp, (struct sockaddr *)&own, &length) == 0)
		reply.udp_port = htobe16(bench_net_port(&own));
	return bench_write_all(session->control, &reply, sizeof(reply));
}

int bench_net_session(int control, bool patient)
{
	struct net_session session = {.control = control, .udp = -1, .patient = patient};
	struct net_request request;
	int error = 1;

	if (!bench_net_limit_wait(&session, control, REQUEST_PATIENCE_S) ||
	    !bench_read_all(control, &request, sizeof(request)) ||
	    be32toh(request.magic) != NET_MAGIC)
		goto out;
	enum net_status status = prepare(&session, &request);
	if (answer(&session, status) && status == NET_OK)
		error = bench_net_serve(&session, be16toh(request.service));
out:
	if (session.message != NULL)
		(void)munmap(session.message, session.message_bytes + 1);
	if (session.udp >= 0)
		(void)close(session.udp);
	(void)close(control);
	return error;
}

void bench_net_refuse(int control)
{
	const struct net_session session = {.control = control, .udp = -1};

	(void)answer(&session, NET_BUSY);
	(void)close(control);
}
