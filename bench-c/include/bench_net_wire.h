/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both sides of a network session say; integers in network byte order. */
#ifndef KDYNO_BENCH_NET_WIRE_H
#define KDYNO_BENCH_NET_WIRE_H

#include "bench_net.h"

enum { NET_MAGIC = 0x6b646231, NET_VERSION = 1 };

struct net_request {
	uint32_t magic;
	uint16_t version;
	uint16_t service;
	uint32_t message_bytes;
	uint32_t buffer_bytes; /* 0: as they are */
	uint16_t udp_port;     /* the client's; 0: none */
	uint16_t zero[3];
};

enum net_status {
	NET_OK,
	NET_BAD_REQUEST,
	NET_OTHER_VERSION,
	NET_BUSY,
	NET_NO_SOCKET,
	NET_SMALL_BUFFER
};

struct net_reply {
	uint32_t magic;
	uint16_t status;
	uint16_t udp_port; /* that of the server's TCP port, if it was free */
	uint32_t window;
};

/* Datagrams are numbered by their first eight bytes, from 0 in each session. This comes back
 * for every half window, and at the end of a batch. */
struct net_acknowledgement {
	uint64_t arrived; /* datagrams so far */
	uint64_t sum;	  /* of their numbers: each arrived, none twice */
};

/* The server's side of a session. */
struct net_session {
	int control;
	int udp;
	bool patient; /* the other side is our parent, whose end is ours: wait for ever */
	size_t message_bytes;
	unsigned window;
	unsigned char *message; /* with room for one byte more: what is too long is seen */
	int accepted[BENCH_NET_BATCH_MAX];
};

int bench_net_session(int control, bool patient); /* all of it; 0 when the client ended it */
int bench_net_serve(struct net_session *session, enum bench_net_service service);
bool bench_net_limit_wait(const struct net_session *session, int fd, int seconds);
void bench_net_refuse(int control);

#endif
