/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the imager tells: short lines on the console, JSON events to the server. */
#ifndef KDYNO_IMAGER_REPORT_H
#define KDYNO_IMAGER_REPORT_H

#include "error.h"
#include "http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_stage { STAGE_HASH, STAGE_WRITE, STAGE_VERIFY };

struct report {
	struct http_client *http;
	int64_t attempt_id;
	int64_t started_ms;
	int64_t last_progress_ms;
};

/* One line on the console. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails when the server refuses: then this attempt is over, and the disk stays as it is. */
int report_started(struct report *report, uint64_t total_bytes, struct error *error);

/* At most once a second. A lost progress event is not worth failing for. */
void report_progress(struct report *report, enum report_stage stage, uint64_t done_bytes,
		     uint64_t total_bytes);

/* `*reboot` is set when the server has accepted the root and says what comes next. */
int report_verified(struct report *report, const char *root_hex, size_t rewritten_chunks,
		    uint64_t total_bytes, bool *reboot, struct error *error);

void report_failed(struct report *report, const char *message);

/* Writes `text` as a JSON string with its quotes; returns the length, truncating to fit. */
size_t report_quote(const char *text, char *json, size_t size);

/* True if the JSON text has a member `next` that says `reboot`. */
bool report_says_reboot(const char *json);

#endif
