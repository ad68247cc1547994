/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const stage_names[] = {"hash", "write", "verify"};

enum { PROGRESS_EVERY_MS = 1000, ANSWER_BYTES = 4096 };

void report_line(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("imager: ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	fflush(stdout);
	va_end(arguments);
}

size_t report_quote(const char *text, char *json, size_t size)
{
	size_t length = 0;

	json[length++] = '"';
	for (; *text != '\0' && length + 8 < size; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte >= 0x7f) {
			length += (size_t)snprintf(json + length, 7, "\\u%04x",
						   byte < 0x80 ? byte : '?');
			continue;
		}
		if (byte == '"' || byte == '\\')
			json[length++] = '\\';
		json[length++] = (char)byte;
	}
	json[length++] = '"';
	json[length] = '\0';
	return length;
}

bool report_says_reboot(const char *json)
{
	const char *next = strstr(json, "\"next\"");

	if (next == NULL)
		return false;
	next += strlen("\"next\"");
	next += strspn(next, " \t\r\n");
	if (*next++ != ':')
		return false;
	next += strspn(next, " \t\r\n");
	return strncmp(next, "\"reboot\"", strlen("\"reboot\"")) == 0;
}

/* `answer` gets the body as text. */
static int post(struct report *report, const char *json, char answer[static ANSWER_BYTES],
		struct error *error)
{
	char path[64];
	struct http_response response = {.body = (uint8_t *)answer, .capacity = ANSWER_BYTES - 1};

	snprintf(path, sizeof(path), "/imager/%" PRId64 "/events", report->attempt_id);
	if (http_post_json(report->http, path, json, &response, error) < 0)
		return -1;
	answer[response.length] = '\0';
	if (response.status != 200)
		return error_set(error, "the server refuses the event: %d %.150s", response.status,
				 answer);
	return 0;
}

int report_started(struct report *report, uint64_t total_bytes, struct error *error)
{
	char json[128], answer[ANSWER_BYTES];

	snprintf(json, sizeof(json), "{\"event\":\"started\",\"total_bytes\":%" PRIu64 "}",
		 total_bytes);
	return post(report, json, answer, error);
}

void report_progress(struct report *report, enum report_stage stage, uint64_t done_bytes,
		     uint64_t total_bytes)
{
	char json[192], answer[ANSWER_BYTES];
	struct error ignored;
	int64_t now_ms = clock_ms();

	if (now_ms - report->last_progress_ms < PROGRESS_EVERY_MS)
		return;
	report->last_progress_ms = now_ms;
	report_line("%s %" PRIu64 " of %" PRIu64 " MiB", stage_names[stage], done_bytes >> 20,
		    total_bytes >> 20);
	snprintf(json, sizeof(json),
		 "{\"event\":\"progress\",\"stage\":\"%s\",\"done_bytes\":%" PRIu64
		 ",\"total_bytes\":%" PRIu64 "}",
		 stage_names[stage], done_bytes, total_bytes);
	(void)post(report, json, answer, &ignored);
}

int report_verified(struct report *report, const char *root_hex, size_t rewritten_chunks,
		    uint64_t total_bytes, bool *reboot, struct error *error)
{
	char json[320], answer[ANSWER_BYTES];

	snprintf(
		json, sizeof(json),
		"{\"event\":\"verified\",\"stage\":\"verify\",\"root\":\"%.64s\",\"rewritten_chunks\":%zu,"
		"\"done_bytes\":%" PRIu64 ",\"total_bytes\":%" PRIu64 ",\"duration_ms\":%" PRId64
		"}",
		root_hex, rewritten_chunks, total_bytes, total_bytes,
		clock_ms() - report->started_ms);
	if (post(report, json, answer, error) < 0)
		return -1;
	*reboot = report_says_reboot(answer);
	return 0;
}

void report_failed(struct report *report, const char *message)
{
	char quoted[1024], json[1152], answer[ANSWER_BYTES];
	struct error ignored;

	report_quote(message, quoted, sizeof(quoted));
	snprintf(json, sizeof(json),
		 "{\"event\":\"failed\",\"message\":%s,\"duration_ms\":%" PRId64 "}", quoted,
		 clock_ms() - report->started_ms);
	(void)post(report, json, answer, &ignored);
}
