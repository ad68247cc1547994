/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits for the server to hand out the job. */
#ifndef KDYNO_FETCH_H
#define KDYNO_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "http.h"

enum fetch_status {
	FETCH_DONE,
	FETCH_AWAY,    /* patience with an absent server, or with a job that never starts, ended */
	FETCH_REFUSED, /* wrong token, unknown or closed attempt */
	FETCH_STOPPED,
};

struct fetch_options {
	int64_t patience_ms;
	bool once; /* one try */
};

enum fetch_status fetch_job(struct http_client *client, const struct fetch_options *options,
			    struct buffer *document);

#endif
