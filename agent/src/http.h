/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the server: each with a deadline, a limit on the answer, and a verdict to act on. */
#ifndef KDYNO_HTTP_H
#define KDYNO_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

#define HTTP_ANSWER_MAX (1024 * 1024) /* bytes */

enum http_verdict {
	HTTP_OK,
	HTTP_TOO_EARLY, /* 425: the server knows us and has no job yet */
	HTTP_AWAY,	/* no connection, time-out, 429 or 5xx: try again later */
	HTTP_REFUSED,	/* any other answer: trying again would not help */
};

struct http_client;

struct http_request {
	const char *path;	   /* below the server's URL, begins with / */
	const struct buffer *body; /* JSON to POST; NULL for GET */
	int64_t timeout_ms;
};

struct http_answer {
	struct buffer body; /* limited; the caller frees it */
	char problem[256];  /* for the log, when the verdict is not HTTP_OK */
};

/* Returns NULL if the URL is not http(s) or memory is short. */
struct http_client *http_open(const char *server_url, const char *token);
void http_close(struct http_client *client);

/* Cut short, as HTTP_AWAY, when the agent is told to stop meanwhile. */
enum http_verdict http_perform(struct http_client *client, const struct http_request *request,
			       struct http_answer *answer);

#endif
