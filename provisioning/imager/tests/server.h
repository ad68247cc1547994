/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP server in a thread that misbehaves on demand, one request after the other. */
#ifndef KDYNO_IMAGER_TESTS_SERVER_H
#define KDYNO_IMAGER_TESTS_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_STATUS_503,
	FAULT_HANG_UP,	   /* closes before it answers */
	FAULT_CUT_BODY,	   /* closes in the middle of the body */
	FAULT_SILENCE,	   /* never answers */
	FAULT_WRONG_BYTES, /* the right length, another content */
	FAULT_TOO_LONG,	   /* a Content-Length beyond what may be expected */
	FAULT_CHUNKED,
	FAULT_NOISE, /* not HTTP */
	FAULT_ENDLESS_HEAD,
};

struct server {
	/* Set before server_start(). */
	const char *manifest;
	const uint8_t *content; /* of the image */
	enum fault fault;	/* of the first `faulty_requests` requests */
	int faulty_requests;
	bool close_each; /* no keep-alive */

	/* Read after server_stop(). */
	int requests;
	int connections;
	char events[16][512]; /* bodies of POST requests */
	int event_count;
	char authorization[128];

	int listener;
	int stop_pipe[2];
	struct sockaddr_in address;
	pthread_t thread;
};

void server_start(struct server *server);
void server_stop(struct server *server);

#endif
