/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network benchmarks share. A benchmark's other side is one session of a server:
 * a child of the run on 127.0.0.1, or, with the parameter peer=ADDRESS:PORT, a child of
 * `kbench serve` on another machine. Both run the same code. A session is one TCP connection,
 * which begins with a request and its answer; UDP and further connections go beside it.
 *
 * bench_data() of a benchmark that calls bench_net_open() begins with its struct bench_net.
 */
#ifndef KDYNO_BENCH_NET_H
#define KDYNO_BENCH_NET_H

#include "bench.h"

#include <sys/socket.h>

enum bench_net_service {
	BENCH_NET_ECHO = 1,  /* messages come back on the session's connection */
	BENCH_NET_COUNT,     /* batches of messages are read from it and counted */
	BENCH_NET_UDP_ECHO,  /* datagrams come back; an empty one ends the session */
	BENCH_NET_UDP_COUNT, /* batches of datagrams are counted and acknowledged */
	BENCH_NET_CONNECT,   /* batches of connections, accepted when told to, then closed by us */
	BENCH_NET_CLOSE,     /* ... then closed one by one, by the server first */
	BENCH_NET_REQUEST,   /* ... each answers one message and is closed, by the server first */
	BENCH_NET_SERVICES,
};

enum {
	BENCH_NET_BATCH_MAX = 64, /* connections; listen() is given as much backlog */
	BENCH_NET_MESSAGE_MAX = 10 << 20,
	BENCH_NET_DATAGRAM_MAX = 65507,
};

struct bench_net {
	bool opened;
	bool remote;
	int control; /* the session's connection */
	int data;    /* the same, or a UDP socket */
	int listener;
	unsigned window; /* datagrams that the server can hold */
	size_t message_bytes;
	unsigned char *message; /* to send; its first byte is not constant */
	unsigned char *answer;
	struct sockaddr_storage server;
	socklen_t server_length;
	bool counted;		/* the kernel's counters were read before */
	uint64_t overflows;	/* of listen queues */
	uint64_t timeouts;	/* of TCP timers */
	uint64_t answers_right; /* as the benchmark counts them */
};

#define BENCH_NET_PEER                                                                             \
	{                                                                                          \
		.name = "peer", .text = "",                                                        \
		.about = "ADDRESS:PORT of `kbench serve`; not given: a child on 127.0.0.1"         \
	}

/* Skips where loopback is down. buffer_bytes 0 leaves both ends' socket buffers alone. */
int bench_net_open(struct bench_state *state, struct bench_net *net, enum bench_net_service service,
		   size_t message_bytes, size_t buffer_bytes);
void bench_net_close(struct bench_net *net);
/* Callbacks. */
uint64_t bench_net_work(struct bench_state *state); /* answers_right */
void bench_net_teardown(struct bench_state *state);

/* Why the last call on one of these sockets failed. */
const char *bench_net_error(void);

/* Whole messages. False: see bench_net_error(). */
bool bench_read_all(int from, void *bytes, size_t size);
bool bench_write_all(int to, const void *bytes, size_t size);
bool bench_read_number(int from, uint64_t *number);
bool bench_write_number(int to, uint64_t number);

/* Numeric ADDRESS:PORT or [ADDRESS]:PORT. */
bool bench_net_parse(const char *text, struct sockaddr_storage *address, socklen_t *length);
uint16_t bench_net_port(const struct sockaddr_storage *address);
void bench_net_set_port(struct sockaddr_storage *address, uint16_t port);
int bench_need_loopback(struct bench_state *state);

/* Connections beside the session: have the server listen for a batch of them, on a port of its
 * own that no earlier connection has used; make a socket; connect it. */
int bench_net_listen(struct bench_state *state, struct bench_net *net, uint64_t connections);
int bench_net_socket(struct bench_state *state, const struct bench_net *net);
int bench_net_connect(struct bench_state *state, const struct bench_net *net, int fd);
int bench_net_close_hard(struct bench_state *state, int fd); /* at once: no TIME_WAIT */
/* Wait for the server to say how many connections it has served so far. */
int bench_net_served(struct bench_state *state, const struct bench_net *net, uint64_t *served);
/* An error if a packet of this connection was sent twice: its figure is that of a timer. */
int bench_net_check_sent_once(struct bench_state *state, int fd);
/* An error if a listen queue has overflowed here since bench_net_open(), or, if asked for, a
 * TCP timer has expired. The counts are those of the whole network namespace. */
int bench_net_check_counters(struct bench_state *state, struct bench_net *net, bool with_timers);

/* One direction of bytes, `to`, read and counted by the other side, which says the count on
 * `from`. The clock includes that answer, so all has arrived when it stops. */
struct bench_bulk {
	int to;
	int from;
	size_t message_bytes;
	size_t messages_per_iteration;
	unsigned char *message; /* on pages of its own */
	uint64_t counted_bytes; /* by the reader */
};
int bench_bulk_open(struct bench_state *state, struct bench_bulk *bulk, int to, int from,
		    size_t message_bytes);
void bench_bulk_close(struct bench_bulk *bulk); /* memory only */
/* Before a batch: the reader learns its size and waits for it. */
int bench_bulk_announce(struct bench_state *state, struct bench_bulk *bulk, uint64_t iterations);
int bench_bulk_write(struct bench_state *state, struct bench_bulk *bulk, uint64_t iterations);
int bench_bulk_confirm(struct bench_state *state, struct bench_bulk *bulk);
uint64_t bench_bulk_messages(const struct bench_bulk *bulk);
/* The callbacks of these names, of a benchmark whose data begins with its struct bench_bulk. */
int bench_bulk_prepare(struct bench_state *state, uint64_t iterations);
int bench_bulk_run(struct bench_state *state, uint64_t iterations);
uint64_t bench_bulk_work(struct bench_state *state);
/* The other side, until end of file: 0, or 1 after an error. */
int bench_bulk_serve(int from, int to, size_t message_bytes);

/* Pages, not zero. NULL: no memory. */
unsigned char *bench_net_pages(size_t size);

#endif
