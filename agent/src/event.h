/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of the events the agent reports. */
#ifndef KDYNO_EVENT_H
#define KDYNO_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "facts.h"
#include "job.h"
#include "phase.h"

enum event_kind {
	EVENT_JOB_STARTED,
	EVENT_PHASE_STARTED,
	EVENT_RESULT,
	EVENT_PHASE_FINISHED,
	EVENT_JOB_FINISHED,
};

/* What all kinds have in common. */
struct event_head {
	const char *phase; /* "" is the job itself */
	int64_t seq;	   /* counts from 1 within the phase */
	const struct facts *facts;
};

const char *event_kind_name(enum event_kind kind);

/* Returns false if there is no such kind. */
bool event_kind_parse(const char *name, enum event_kind *kind);

/* Each adds one JSON object, on one line, to the empty buffer. Returns 0, or -1: no memory. */
int event_job_started(const struct event_head *head, struct buffer *text);
int event_phase_started(const struct event_head *head, struct buffer *text);
int event_result(const struct event_head *head, const struct buffer *document, struct buffer *text);
int event_phase_finished(const struct event_head *head, const struct phase_report *report,
			 struct buffer *text);
int event_job_finished(const struct event_head *head, bool done, const char *reason,
		       struct buffer *text);

/*
 * Makes text fit for JSON and for PostgreSQL, in place and without growing: each byte that is not
 * part of valid UTF-8, or is a control character other than newline and tab, becomes '?'.
 */
void event_clean_text(char *text);

#endif
