/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch.h"

#include "backoff.h"
#include "clock.h"
#include "log.h"
#include "stop.h"

#define JOB_PATH	   "/api/v1/agent/job"
#define REQUEST_TIMEOUT_MS 30000
#define EARLY_RETRY_MS	   1000
#define EARLY_LIMIT_MS	   (10 * 60 * 1000)

enum fetch_status fetch_job(struct http_client *client, const struct fetch_options *options,
			    struct buffer *document)
{
	const struct http_request request = {.path = JOB_PATH, .timeout_ms = REQUEST_TIMEOUT_MS};
	int64_t early_end_ms = clock_monotonic_ms() + EARLY_LIMIT_MS;
	struct http_answer answer;
	struct backoff backoff;

	backoff_begin(&backoff, options->patience_ms);
	while (!stop_requested()) {
		enum http_verdict verdict = http_perform(client, &request, &answer);

		if (verdict == HTTP_OK) {
			*document = answer.body;
			return FETCH_DONE;
		}
		buffer_free(&answer.body);
		if (verdict == HTTP_REFUSED) {
			log_line("the server refuses the job: %s", answer.problem);
			return FETCH_REFUSED;
		}
		if (stop_requested())
			break;
		if (verdict == HTTP_TOO_EARLY) {
			backoff_begin(&backoff, options->patience_ms);
			if (options->once || clock_monotonic_ms() >= early_end_ms) {
				log_line("the server has no job for us yet");
				return FETCH_AWAY;
			}
			stop_sleep_ms(EARLY_RETRY_MS);
			continue;
		}
		log_line("the server is away: %s", answer.problem);
		if (options->once || !backoff_wait(&backoff)) {
			log_line("giving up: no job was fetched");
			return FETCH_AWAY;
		}
	}
	return FETCH_STOPPED;
}
