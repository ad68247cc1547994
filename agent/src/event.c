/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static const char *const kind_names[] = {
	[EVENT_JOB_STARTED] = "job_started",
	[EVENT_PHASE_STARTED] = "phase_started",
	[EVENT_RESULT] = "result",
	[EVENT_PHASE_FINISHED] = "phase_finished",
	[EVENT_JOB_FINISHED] = "job_finished",
};

const char *event_kind_name(enum event_kind kind)
{
	return kind_names[kind];
}

bool event_kind_parse(const char *name, enum event_kind *kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*kind = (enum event_kind)i;
			return true;
		}
	}
	return false;
}

/* Length of the valid UTF-8 sequence at text, or 0. */
static size_t utf8_length(const unsigned char *text)
{
	unsigned int code, smallest;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2, code = text[0] & 0x1fU, smallest = 0x80;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3, code = text[0] & 0x0fU, smallest = 0x800;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4, code = text[0] & 0x07U, smallest = 0x10000;
	else
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0; /* stops at the final NUL too */
		code = code << 6 | (text[i] & 0x3fU);
	}
	if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

void event_clean_text(char *text)
{
	while (*text != '\0') {
		unsigned char first = (unsigned char)*text;
		size_t length = utf8_length((const unsigned char *)text);

		if (length == 0 || (first < ' ' && first != '\n' && first != '\t') ||
		    first == 0x7f) {
			*text++ = '?';
			continue;
		}
		text += length;
	}
}

/* A JSON string of a copy that is fit for it. */
static json_t *clean_string(const char *text)
{
	char *copy = strdup(text);
	json_t *string;

	if (copy == NULL)
		return NULL;
	event_clean_text(copy);
	string = json_string(copy);
	free(copy);
	return string;
}

static json_t *head_object(const struct event_head *head, enum event_kind kind)
{
	return json_pack("{s:s, s:I, s:s, s:I, s:o, s:o}", "phase", head->phase, "seq",
			 (json_int_t)head->seq, "kind", kind_names[kind], "at_ns",
			 (json_int_t)clock_realtime_ns(), "boot_id",
			 clean_string(head->facts->boot_id), "uname_release",
			 clean_string(head->facts->uname_release));
}

/* Writes the object out and lets go of it. */
static int put_object(json_t *object, struct buffer *text)
{
	char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	int result = line != NULL ? buffer_add_text(text, line) : -1;

	free(line);
	json_decref(object);
	return result;
}

/* Adds a member and takes its value over; a NULL value (no memory) is an error. */
static int set_member(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value);
}

int event_job_started(const struct event_head *head, struct buffer *text)
{
	const struct facts *facts = head->facts;
	json_t *event = head_object(head, EVENT_JOB_STARTED);
	json_t *told = json_pack(
		"{s:o, s:o, s:o, s:o, s:I, s:I}", "uname_release",
		clean_string(facts->uname_release), "version", clean_string(facts->version),
		"cmdline", clean_string(facts->cmdline), "boot_id", clean_string(facts->boot_id),
		"cpus", (json_int_t)facts->cpus, "mem_kb", (json_int_t)facts->mem_kb);

	if (set_member(event, "facts", told) != 0) {
		json_decref(event);
		return -1;
	}
	return put_object(event, text);
}

int event_phase_started(const struct event_head *head, struct buffer *text)
{
	return put_object(head_object(head, EVENT_PHASE_STARTED), text);
}

int event_result(const struct event_head *head, const struct buffer *document, struct buffer *text)
{
	size_t before_document;

	if (put_object(head_object(head, EVENT_RESULT), text) != 0)
		return -1;
	/* the document goes in as the benchmark printed it: no number is read and written again */
	text->length--; /* the closing brace */
	if (buffer_add_text(text, ",\"document\":") != 0)
		return -1;
	before_document = text->length;
	if (buffer_add(text, document->data, document->length) != 0)
		return -1;
	/* in valid JSON a newline can only be white space between tokens */
	for (size_t i = before_document; i < text->length; i++)
		if (text->data[i] == '\n' || text->data[i] == '\r')
			text->data[i] = ' ';
	return buffer_add_text(text, "}");
}

int event_phase_finished(const struct event_head *head, const struct phase_report *report,
			 struct buffer *text)
{
	json_t *event = head_object(head, EVENT_PHASE_FINISHED);
	json_t *exit_code = report->exit_code >= 0 ? json_integer(report->exit_code) : json_null();
	json_t *signal = report->signal > 0 ? json_integer(report->signal) : json_null();
	int failed = 0;

	failed |= set_member(event, "outcome", json_string(phase_outcome_name(report->outcome)));
	failed |= set_member(event, "exit_code", exit_code);
	failed |= set_member(event, "signal", signal);
	failed |= set_member(event, "duration_ms", json_integer(report->duration_ms));
	failed |= set_member(event, "stderr_tail", clean_string(report->stderr_tail));
	if (report->reason[0] != '\0')
		failed |= set_member(event, "reason", clean_string(report->reason));
	if (failed != 0) {
		json_decref(event);
		return -1;
	}
	return put_object(event, text);
}

int event_job_finished(const struct event_head *head, bool done, const char *reason,
		       struct buffer *text)
{
	json_t *event = head_object(head, EVENT_JOB_FINISHED);
	int failed = set_member(event, "outcome", json_string(done ? "done" : "error"));

	if (reason != NULL && reason[0] != '\0')
		failed |= set_member(event, "reason", clean_string(reason));
	if (failed != 0) {
		json_decref(event);
		return -1;
	}
	return put_object(event, text);
}
