/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small HTTP/1.1 client: one kept connection, plain text, bodies with Content-Length, everything
 * limited. */
#ifndef KDYNO_IMAGER_HTTP_H
#define KDYNO_IMAGER_HTTP_H

#include "error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_BYTES_MAX = 8 << 10 };

struct http_client {
	struct sockaddr_in server;
	const char *server_name; /* Host header */
	const char *token;	 /* Authorization: Bearer, or NULL */
	int io_timeout_ms;	 /* without a byte */
	int request_timeout_ms;	 /* one try, from connect to the last byte */
	int tries;
	int first_pause_ms; /* between tries, doubling */
	int fd;		    /* -1 while not connected */
};

struct http_response {
	int status;
	uint8_t *body; /* the caller's buffer */
	size_t capacity;
	size_t length;
};

void http_init(struct http_client *client, const struct sockaddr_in *server,
	       const char *server_name, const char *token);
void http_close(struct http_client *client);

/* Both repeat after a lost connection or a 5xx answer, `tries` times in all; any other answer is
 * returned as it is. A body larger than `capacity` is an error. */
int http_get(struct http_client *client, const char *path, struct http_response *response,
	     struct error *error);
int http_post_json(struct http_client *client, const char *path, const char *json,
		   struct http_response *response, struct error *error);

#endif
