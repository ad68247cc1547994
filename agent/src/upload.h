/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings spooled events to the server, in order, until each is acknowledged. */
#ifndef KDYNO_UPLOAD_H
#define KDYNO_UPLOAD_H

#include <stdint.h>

#include "http.h"
#include "spool.h"

enum upload_status {
	UPLOAD_DONE,	/* nothing is left to send */
	UPLOAD_AWAY,	/* the server is away, or did not acknowledge: try later */
	UPLOAD_REFUSED, /* the server will not take it: stop */
	UPLOAD_BROKEN,	/* the spool cannot be read or written */
};

struct uploader {
	struct http_client *client;
	struct spool *spool;
	int64_t attempt_id;
};

/* One try, over within about timeout_ms. */
enum upload_status upload_once(const struct uploader *uploader, int64_t timeout_ms);

/*
 * Tries with back-off until all is acknowledged, until the server has taken nothing for
 * patience_ms, or until the time to report after SIGTERM is over.
 */
enum upload_status upload_all(const struct uploader *uploader, int64_t patience_ms);

#endif
