/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upload.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "log.h"
#include "stop.h"

#define EVENTS_PATH	   "/api/v1/agent/events"
#define BATCH_EVENTS_MAX   64
#define BATCH_BYTES	   (4 * 1024 * 1024) /* a larger event goes alone */
#define REQUEST_TIMEOUT_MS 60000

struct batch {
	size_t indices[BATCH_EVENTS_MAX];
	size_t count;
	struct buffer body;
};

static int fill_batch(const struct uploader *uploader, struct batch *batch)
{
	const struct spool *spool = uploader->spool;
	char head[64];

	snprintf(head, sizeof(head), "{\"attempt_id\":%lld,\"events\":[",
		 (long long)uploader->attempt_id);
	if (buffer_add_text(&batch->body, head) != 0)
		return -1;
	for (size_t i = 0; i < spool->count && batch->count < BATCH_EVENTS_MAX; i++) {
		if (spool->entries[i].acknowledged)
			continue;
		if (batch->count > 0 && batch->body.length + spool->entries[i].length > BATCH_BYTES)
			break;
		if ((batch->count > 0 && buffer_add_text(&batch->body, ",") != 0) ||
		    spool_read_event(spool, i, &batch->body) != 0)
			return -1;
		batch->indices[batch->count++] = i;
	}
	return buffer_add_text(&batch->body, "]}");
}

/* Keeps of the batch's indices those the answer acknowledges; returns how many. */
static size_t take_acknowledged(const struct spool *spool, struct batch *batch,
				const struct buffer *body)
{
	json_t *answer = json_loadb(body->data != NULL ? body->data : "", body->length, 0, NULL);
	const json_t *acked = json_object_get(answer, "acked");
	const json_t *entry;
	size_t i, kept = 0;

	for (size_t sent = 0; sent < batch->count; sent++) {
		const struct spool_entry *event = &spool->entries[batch->indices[sent]];

		json_array_foreach(acked, i, entry)
		{
			const char *phase = json_string_value(json_object_get(entry, "phase"));
			json_int_t seq = json_integer_value(json_object_get(entry, "seq"));

			if (phase != NULL && seq == event->seq &&
			    strcmp(phase, event->phase) == 0) {
				batch->indices[kept++] = batch->indices[sent];
				break;
			}
		}
	}
	json_decref(answer);
	return kept;
}

static enum upload_status judge_answer(const struct uploader *uploader, struct batch *batch,
				       enum http_verdict verdict, const struct http_answer *answer)
{
	size_t acknowledged;

	if (verdict == HTTP_REFUSED) {
		log_line("the server refuses the events: %s", answer->problem);
		return UPLOAD_REFUSED;
	}
	if (verdict != HTTP_OK) {
		log_line("the server is away: %s", answer->problem);
		return UPLOAD_AWAY;
	}
	acknowledged = take_acknowledged(uploader->spool, batch, &answer->body);
	if (acknowledged == 0) {
		log_line("the server acknowledged none of %zu events", batch->count);
		return UPLOAD_AWAY;
	}
	if (spool_acknowledge(uploader->spool, batch->indices, acknowledged) != 0) {
		log_line("cannot write the journal: %s", strerror(errno));
		return UPLOAD_BROKEN;
	}
	return UPLOAD_DONE;
}

static enum upload_status send_batch(const struct uploader *uploader, int64_t timeout_ms)
{
	struct batch batch = {0};
	struct http_request request = {
		.path = EVENTS_PATH, .body = &batch.body, .timeout_ms = timeout_ms};
	struct http_answer answer;
	enum upload_status status = UPLOAD_BROKEN;

	if (fill_batch(uploader, &batch) == 0) {
		enum http_verdict verdict = http_perform(uploader->client, &request, &answer);

		status = judge_answer(uploader, &batch, verdict, &answer);
		buffer_free(&answer.body);
	} else {
		log_line("cannot read the journal: %s", strerror(errno));
	}
	buffer_free(&batch.body);
	return status;
}

enum upload_status upload_once(const struct uploader *uploader, int64_t timeout_ms)
{
	int64_t end_ms = clock_monotonic_ms() + timeout_ms;

	while (spool_pending(uploader->spool) > 0) {
		int64_t left_ms = end_ms - clock_monotonic_ms();
		enum upload_status status;

		if (left_ms <= 0)
			return UPLOAD_AWAY;
		status = send_batch(uploader, left_ms);
		if (status != UPLOAD_DONE)
			return status;
	}
	return UPLOAD_DONE;
}

enum upload_status upload_all(const struct uploader *uploader, int64_t patience_ms)
{
	struct backoff backoff;
	size_t pending = spool_pending(uploader->spool);

	backoff_begin(&backoff, patience_ms);
	for (;;) {
		int64_t timeout_ms = stop_requested() ? stop_left_ms() : REQUEST_TIMEOUT_MS;
		enum upload_status status = upload_once(uploader, timeout_ms);

		if (status != UPLOAD_AWAY)
			return status;
		if (spool_pending(uploader->spool) < pending) {
			pending = spool_pending(uploader->spool);
			backoff_begin(&backoff, patience_ms);
		}
		if (!backoff_wait(&backoff))
			return UPLOAD_AWAY;
	}
}
