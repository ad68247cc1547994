// SPDX-License-Identifier: GPL-2.0-or-later
/* The measuring side of a session: find or start its server, agree with it. */
#include "bench_net_wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* On 127.0.0.1 there is no time limit, for its timer would be in every figure: a child that
 * dies closes its connection. Another machine may be gone without a word. */
enum { REMOTE_PATIENCE_S = 3 };

static int local_server(struct bench_state *state)
{
	const struct bench_net *net = bench_data(state);
	int control = accept4(net->listener, NULL, NULL, SOCK_CLOEXEC);

	(void)close(net->listener);
	return control < 0 ? 1 : bench_net_session(control, true);
}

static int start_server(struct bench_state *state, struct bench_net *net)
{
	int error = bench_need_loopback(state);

	if (error != 0)
		return error;
	(void)bench_net_parse("127.0.0.1:0", &net->server, &net->server_length);
	net->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (net->listener < 0)
		return bench_fail(state, "socket: %s", strerror(errno));
	if (bind(net->listener, (struct sockaddr *)&net->server, net->server_length) != 0 ||
	    listen(net->listener, 1) != 0 ||
	    getsockname(net->listener, (struct sockaddr *)&net->server, &net->server_length) != 0)
		return bench_fail(state, "cannot listen on 127.0.0.1: %s", strerror(errno));
	error = bench_spawn(state, local_server);
	(void)close(net->listener);
	net->listener = -1;
	return error;
}

static bool be_patient(const struct bench_net *net, int fd)
{
	const struct timeval limit = {.tv_sec = REMOTE_PATIENCE_S};

	return !net->remote ||
	       (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
}

int bench_net_socket(struct bench_state *state, const struct bench_net *net)
{
	int fd = socket(net->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -bench_fail(state, "socket: %s", strerror(errno));
	if (be_patient(net, fd))
		return fd;
	(void)bench_fail(state, "setsockopt: %s", strerror(errno));
	(void)close(fd);
	return -BENCH_ERROR;
}

static int enlarge(struct bench_state *state, int fd, size_t buffer_bytes)
{
	int size = (int)buffer_bytes;

	if (size == 0 || (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0 &&
			  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0))
		return BENCH_OK;
	return bench_fail(state, "cannot set a socket's buffers: %s", strerror(errno));
}

static int reach(struct bench_state *state, struct bench_net *net, size_t buffer_bytes)
{
	net->control = bench_net_socket(state, net);
	if (net->control < 0)
		return BENCH_ERROR;
	int error = enlarge(state, net->control, buffer_bytes);
	if (error != 0)
		return error;
	if (connect(net->control, (struct sockaddr *)&net->server, net->server_length) == 0)
		return BENCH_OK;
	return bench_fail(state, "cannot connect to the server%s: %s",
			  net->remote ? " (is `kbench serve` running there?)" : "",
			  bench_net_error());
}

/* A UDP socket of the same address, whose port the request tells. */
static int open_udp(struct bench_state *state, struct bench_net *net, uint16_t *port,
		    size_t buffer_bytes)
{
	struct sockaddr_storage own = {0};
	socklen_t length = sizeof(own);

	net->data = socket(net->server.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (net->data < 0)
		return bench_fail(state, "socket for UDP: %s", strerror(errno));
	if (getsockname(net->control, (struct sockaddr *)&own, &length) != 0)
		return bench_fail(state, "getsockname: %s", strerror(errno));
	bench_net_set_port(&own, 0);
	if (bind(net->data, (struct sockaddr *)&own, length) != 0 ||
	    getsockname(net->data, (struct sockaddr *)&own, &length) != 0 ||
	    !be_patient(net, net->data))
		return bench_fail(state, "cannot bind a UDP socket: %s", strerror(errno));
	*port = bench_net_port(&own);
	return enlarge(state, net->data, buffer_bytes);
}

static const char *status_text(unsigned status)
{
	static const char *const texts[] = {
		[NET_BAD_REQUEST] = "it does not accept these sizes",
		[NET_OTHER_VERSION] = "it is of another version of kbench",
		[NET_BUSY] = "it has too many sessions",
		[NET_NO_SOCKET] = "it cannot make the socket",
		[NET_SMALL_BUFFER] = "its receive buffer (net.core.rmem_max) is too small",
	};

	return status < sizeof(texts) / sizeof(texts[0]) ? texts[status] : "unknown reason";
}

static int agree(struct bench_state *state, struct bench_net *net, struct net_request *request)
{
	struct net_reply reply;

	if (!bench_write_all(net->control, request, sizeof(*request)) ||
	    !bench_read_all(net->control, &reply, sizeof(reply)))
		return bench_fail(state, "no answer from the server: %s", bench_net_error());
	if (be32toh(reply.magic) != NET_MAGIC)
		return bench_fail(state, "what answers there is not `kbench serve`");
	if (be16toh(reply.status) != NET_OK)
		return bench_fail(state, "the server refuses: %s",
				  status_text(be16toh(reply.status)));
	net->window = be32toh(reply.window);
	if (net->data < 0) {
		net->data = net->control;
		return BENCH_OK;
	}
	struct sockaddr_storage server = net->server;
	bench_net_set_port(&server, be16toh(reply.udp_port));
	if (connect(net->data, (struct sockaddr *)&server, net->server_length) != 0)
		return bench_fail(state, "cannot connect a UDP socket: %s", strerror(errno));
	return BENCH_OK;
}

static int prepare_messages(struct bench_state *state, struct bench_net *net)
{
	net->message = bench_net_pages(net->message_bytes);
	net->answer = bench_net_pages(net->message_bytes);
	if (net->message == NULL || net->answer == NULL)
		return bench_fail(state, "no memory for messages of %zu bytes", net->message_bytes);
	return bench_net_check_counters(state, net, false);
}

int bench_net_open(struct bench_state *state, struct bench_net *net, enum bench_net_service service,
		   size_t message_bytes, size_t buffer_bytes)
{
	const char *peer = bench_text(state, "peer");
	struct net_request request = {.magic = htobe32(NET_MAGIC),
				      .version = htobe16(NET_VERSION),
				      .service = htobe16((uint16_t)service),
				      .message_bytes = htobe32((uint32_t)message_bytes),
				      .buffer_bytes = htobe32((uint32_t)buffer_bytes)};
	bool udp = service == BENCH_NET_UDP_ECHO || service == BENCH_NET_UDP_COUNT;
	uint16_t udp_port = 0;
	int error = BENCH_OK;

	net->control = net->data = net->listener = -1;
	net->message = net->answer = NULL;
	net->opened = true;
	net->message_bytes = message_bytes;
	net->remote = peer[0] != '\0';
	if (net->remote)
		bench_set_remote(state);
	if (!net->remote)
		error = start_server(state, net);
	else if (!bench_net_parse(peer, &net->server, &net->server_length))
		error = bench_fail(state, "peer=%s is not a numeric ADDRESS:PORT", peer);
	if (error == 0)
		error = reach(state, net, udp ? 0 : buffer_bytes);
	if (error == 0 && udp)
		error = open_udp(state, net, &udp_port, buffer_bytes);
	request.udp_port = htobe16(udp_port);
	if (error == 0)
		error = agree(state, net, &request);
	return error == 0 ? prepare_messages(state, net) : error;
}

void bench_net_close(struct bench_net *net)
{
	if (!net->opened)
		return;
	net->opened = false;
	if (net->data >= 0 && net->data != net->control) {
		(void)send(net->data, "", 0, 0); /* the end of an echo session */
		(void)close(net->data);
	}
	if (net->control >= 0)
		(void)close(net->control);
	if (net->listener >= 0)
		(void)close(net->listener);
	if (net->message != NULL)
		(void)munmap(net->message, net->message_bytes);
	if (net->answer != NULL)
		(void)munmap(net->answer, net->message_bytes);
}

uint64_t bench_net_work(struct bench_state *state)
{
	const struct bench_net *net = bench_data(state);

	return net->answers_right;
}

void bench_net_teardown(struct bench_state *state)
{
	bench_net_close(bench_data(state));
}
