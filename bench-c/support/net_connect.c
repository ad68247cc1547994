// SPDX-License-Identifier: GPL-2.0-or-later
/* The measuring side of connections that come and go beside a session, and the proof that none
 * of them waited for a timer. */
#include "bench_net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 8192 };

int bench_net_listen(struct bench_state *state, struct bench_net *net, uint64_t connections)
{
	uint64_t port = 0;

	if (connections > BENCH_NET_BATCH_MAX)
		return bench_fail(state, "a batch of more than %d connections",
				  BENCH_NET_BATCH_MAX);
	if (!bench_write_number(net->control, connections) ||
	    !bench_read_number(net->control, &port))
		return bench_fail(state, "the server does not listen for a batch: %s",
				  bench_net_error());
	if (port == 0 || port > UINT16_MAX)
		return bench_fail(state, "the server listens on port %llu",
				  (unsigned long long)port);
	bench_net_set_port(&net->server, (uint16_t)port);
	return BENCH_OK;
}

int bench_net_connect(struct bench_state *state, const struct bench_net *net, int fd)
{
	if (connect(fd, (const struct sockaddr *)&net->server, net->server_length) == 0)
		return BENCH_OK;
	return bench_fail(state, "connect: %s", bench_net_error());
}

int bench_net_close_hard(struct bench_state *state, int fd)
{
	const struct linger linger = {.l_onoff = 1};

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0 && close(fd) == 0)
		return BENCH_OK;
	return bench_fail(state, "cannot abort a connection: %s", strerror(errno));
}

int bench_net_served(struct bench_state *state, const struct bench_net *net, uint64_t *served)
{
	if (bench_read_number(net->control, served))
		return BENCH_OK;
	return bench_fail(state, "the server does not confirm a batch: %s", bench_net_error());
}

int bench_net_check_sent_once(struct bench_state *state, int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return bench_fail(state, "TCP_INFO: %s", strerror(errno));
	if (info.tcpi_total_retrans == 0)
		return BENCH_OK;
	return bench_fail(state, "a connection sent %u packets again: it waited for a timer",
			  info.tcpi_total_retrans);
}

/* The value below a column's name; 0 where this kernel has no such column. */
static uint64_t column(const char *names, const char *values, const char *name)
{
	size_t length = strlen(name);

	while (*names != '\0') {
		size_t name_length = strcspn(names, " \n");
		if (name_length == length && strncmp(names, name, length) == 0)
			return strtoull(values, NULL, 10);
		names += name_length;
		names += *names != '\0';
		values += strcspn(values, " \n");
		values += *values != '\0';
	}
	return 0;
}

static bool read_counters(uint64_t *overflows, uint64_t *timeouts)
{
	char names[LINE_SIZE];
	char values[LINE_SIZE];
	FILE *file = fopen("/proc/net/netstat", "re");
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(names, sizeof(names), file) != NULL &&
	       fgets(values, sizeof(values), file) != NULL)
		found = strncmp(names, "TcpExt:", strlen("TcpExt:")) == 0;
	(void)fclose(file);
	*overflows = found ? column(names, values, "ListenOverflows") : 0;
	*timeouts = found ? column(names, values, "TCPTimeouts") : 0;
	return found;
}

/* Without /proc nothing is known, and nothing wrong is said: the backlog is large enough. */
int bench_net_check_counters(struct bench_state *state, struct bench_net *net, bool with_timers)
{
	uint64_t overflows = 0;
	uint64_t timeouts = 0;

	if (!read_counters(&overflows, &timeouts))
		return BENCH_OK;
	if (net->counted && overflows != net->overflows)
		return bench_fail(state, "work proof failed: a listen queue overflowed %llu times",
				  (unsigned long long)(overflows - net->overflows));
	if (net->counted && with_timers && timeouts != net->timeouts)
		return bench_fail(state, "work proof failed: %llu TCP timers expired meanwhile",
				  (unsigned long long)(timeouts - net->timeouts));
	net->counted = true;
	net->overflows = overflows;
	net->timeouts = timeouts;
	return BENCH_OK;
}
