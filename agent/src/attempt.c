/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "facts.h"
#include "fetch.h"
#include "log.h"
#include "result.h"
#include "spool.h"
#include "stop.h"
#include "upload.h"

#define BETWEEN_PHASES_MS 3000 /* a server that is away holds up no phase for longer */

struct attempt {
	const struct attempt_options *options;
	struct http_client *client;
	struct spool spool;
	struct uploader uploader;
	struct facts facts;
	struct job job;
};

/* Writes one event into the spool and frees its text. */
static int keep_event(struct attempt *attempt, const struct event_head *head, enum event_kind kind,
		      bool failed, int built, struct buffer *text)
{
	struct spool_entry entry = {.seq = head->seq, .kind = kind, .failed = failed};
	int result = -1;

	snprintf(entry.phase, sizeof(entry.phase), "%s", head->phase);
	if (built != 0)
		errno = ENOMEM;
	else
		result = spool_put_event(&attempt->spool, &entry, text);
	if (result != 0)
		log_line("cannot keep %s in the journal: %s", event_kind_name(kind),
			 strerror(errno));
	buffer_free(text);
	return result;
}

static struct event_head head_of_next(const struct attempt *attempt, const char *phase)
{
	return (struct event_head){
		.phase = phase,
		.seq = spool_next_seq(&attempt->spool, phase),
		.facts = &attempt->facts,
	};
}

static int keep_job_started(struct attempt *attempt)
{
	struct event_head head = head_of_next(attempt, "");
	struct buffer text = {0};

	if (spool_has(&attempt->spool, "", EVENT_JOB_STARTED))
		return 0;
	return keep_event(attempt, &head, EVENT_JOB_STARTED, false, event_job_started(&head, &text),
			  &text);
}

static int keep_job_finished(struct attempt *attempt, const char *reason)
{
	struct event_head head = head_of_next(attempt, "");
	struct buffer text = {0};
	bool done = reason == NULL && !spool_job_failed(&attempt->spool);

	log_line("job finished: %s%s%s", done ? "done" : "error", reason != NULL ? ": " : "",
		 reason != NULL ? reason : "");
	return keep_event(attempt, &head, EVENT_JOB_FINISHED, !done,
			  event_job_finished(&head, done, reason, &text), &text);
}

static int keep_phase_finished(struct attempt *attempt, const char *phase,
			       const struct phase_report *report)
{
	struct event_head head = head_of_next(attempt, phase);
	struct buffer text = {0};

	log_line("phase %s: %s in %lld ms%s%s", phase, phase_outcome_name(report->outcome),
		 (long long)report->duration_ms, report->reason[0] != '\0' ? ": " : "",
		 report->reason);
	return keep_event(attempt, &head, EVENT_PHASE_FINISHED, report->outcome != PHASE_DONE,
			  event_phase_finished(&head, report, &text), &text);
}

static int keep_result(struct attempt *attempt, const char *phase, const struct buffer *document)
{
	struct event_head head = head_of_next(attempt, phase);
	struct buffer text = {0};

	return keep_event(attempt, &head, EVENT_RESULT, false, event_result(&head, document, &text),
			  &text);
}

static int keep_phase_started(struct attempt *attempt, const char *phase)
{
	struct event_head head = head_of_next(attempt, phase);
	struct buffer text = {0};

	return keep_event(attempt, &head, EVENT_PHASE_STARTED, false,
			  event_phase_started(&head, &text), &text);
}

/* A phase begun by an agent that died is over: what it measured nobody saw to the end. */
static int close_interrupted(struct attempt *attempt, const char *reason)
{
	for (size_t i = 0; i < attempt->spool.count; i++) {
		char phase[JOB_NAME_MAX + 1];
		struct phase_report report = {.outcome = PHASE_ERROR, .exit_code = -1};

		if (attempt->spool.entries[i].kind != EVENT_PHASE_STARTED)
			continue;
		/* the entries move when one is added */
		snprintf(phase, sizeof(phase), "%s", attempt->spool.entries[i].phase);
		if (spool_has(&attempt->spool, phase, EVENT_PHASE_FINISHED))
			continue;
		snprintf(report.reason, sizeof(report.reason), "%s", reason);
		if (keep_phase_finished(attempt, phase, &report) != 0)
			return -1;
	}
	return 0;
}

/* Sets *abandon to why no further phase may run, or leaves it NULL. Returns 0 or -1. */
static int run_phase(struct attempt *attempt, const struct job_phase *phase, const char **abandon)
{
	struct phase_report report;
	int result = 0;

	phase_run(phase, &report);
	if (result_judge(phase, &report))
		result = keep_result(attempt, phase->name, &report.output);
	if (result == 0)
		result = keep_phase_finished(attempt, phase->name, &report);
	if (report.tree_left)
		*abandon = "processes of a phase could not be killed";
	else if (stop_requested())
		*abandon = "the agent was told to stop";
	phase_report_free(&report);
	return result;
}

/* Returns ATTEMPT_REPORTED to go on to the final report, else why the attempt ends here. */
static enum attempt_result run_phases(struct attempt *attempt, const char **abandon)
{
	for (size_t i = 0; i < attempt->job.phase_count && *abandon == NULL; i++) {
		const struct job_phase *phase = &attempt->job.phases[i];
		enum upload_status status;

		if (spool_has(&attempt->spool, phase->name, EVENT_PHASE_FINISHED))
			continue;
		if (keep_phase_started(attempt, phase->name) != 0)
			return ATTEMPT_BROKEN;
		status = upload_once(&attempt->uploader, BETWEEN_PHASES_MS);
		if (status == UPLOAD_REFUSED)
			return ATTEMPT_REFUSED;
		if (status == UPLOAD_BROKEN)
			return ATTEMPT_BROKEN;
		if (stop_requested()) {
			*abandon = "the agent was told to stop";
			return close_interrupted(attempt, *abandon) == 0 ? ATTEMPT_REPORTED
									 : ATTEMPT_BROKEN;
		}
		if (run_phase(attempt, phase, abandon) != 0)
			return ATTEMPT_BROKEN;
	}
	return ATTEMPT_REPORTED;
}

/* From a job in hand, or found in the spool, to job_finished in the spool. */
static enum attempt_result run_job(struct attempt *attempt)
{
	const char *abandon = NULL;
	enum attempt_result result;
	bool rebooted = attempt->spool.boot_id[0] != '\0' &&
			strcmp(attempt->spool.boot_id, attempt->facts.boot_id) != 0;

	if (rebooted)
		abandon = "the machine was restarted during the job";
	if (close_interrupted(attempt, rebooted ? abandon : "the agent died during this phase") !=
	    0)
		return ATTEMPT_BROKEN;
	result = run_phases(attempt, &abandon);
	if (result != ATTEMPT_REPORTED)
		return result;
	return keep_job_finished(attempt, abandon) == 0 ? ATTEMPT_REPORTED : ATTEMPT_BROKEN;
}

static enum attempt_result take_job(struct attempt *attempt, const char *document, size_t length)
{
	struct job_error error;
	char reason[320];
	char *text;
	int result;

	if (job_parse(document, length, &attempt->job, &error) != 0) {
		snprintf(reason, sizeof(reason), "job document: %s", error.text);
	} else if (attempt->job.attempt_id != attempt->options->attempt_id) {
		snprintf(reason, sizeof(reason), "job document: it is for attempt %lld",
			 (long long)attempt->job.attempt_id);
	} else {
		if (attempt->spool.job != NULL)
			return ATTEMPT_REPORTED;
		text = json_dumps(attempt->job.document, JSON_COMPACT);
		result = text != NULL ? spool_put_job(&attempt->spool, text) : -1;
		free(text);
		if (result != 0)
			log_line("cannot keep the job in the journal: %s", strerror(errno));
		return result == 0 ? ATTEMPT_REPORTED : ATTEMPT_BROKEN;
	}
	/* the server made a mistake: tell it, instead of leaving it to wait for a deadline */
	if (keep_job_started(attempt) != 0 || keep_job_finished(attempt, reason) != 0)
		return ATTEMPT_BROKEN;
	return ATTEMPT_REPORTED;
}

static enum attempt_result get_job(struct attempt *attempt)
{
	struct fetch_options how = {
		.patience_ms = attempt->options->patience_ms,
		.once = attempt->options->once,
	};
	struct buffer document = {0};
	enum attempt_result result;

	if (attempt->spool.job != NULL) {
		log_line("resuming attempt %lld", (long long)attempt->options->attempt_id);
		return take_job(attempt, attempt->spool.job, strlen(attempt->spool.job));
	}
	switch (fetch_job(attempt->client, &how, &document)) {
	case FETCH_DONE:
		result = take_job(attempt, document.data != NULL ? document.data : "",
				  document.length);
		break;
	case FETCH_REFUSED:
		result = ATTEMPT_REFUSED;
		break;
	case FETCH_STOPPED:
		result = ATTEMPT_STOPPED;
		break;
	default:
		result = ATTEMPT_UNREPORTED;
		break;
	}
	buffer_free(&document);
	return result;
}

static enum attempt_result report_rest(struct attempt *attempt)
{
	int64_t patience_ms = attempt->options->once ? 0 : attempt->options->patience_ms;

	switch (upload_all(&attempt->uploader, patience_ms)) {
	case UPLOAD_DONE:
		return stop_requested() ? ATTEMPT_STOPPED : ATTEMPT_REPORTED;
	case UPLOAD_REFUSED:
		return ATTEMPT_REFUSED;
	case UPLOAD_BROKEN:
		return ATTEMPT_BROKEN;
	default:
		break;
	}
	log_line("%zu events are not reported; they are kept in %s", spool_pending(&attempt->spool),
		 attempt->options->spool_directory);
	return stop_requested() ? ATTEMPT_STOPPED : ATTEMPT_UNREPORTED;
}

static enum attempt_result go_through(struct attempt *attempt)
{
	enum attempt_result result = ATTEMPT_REPORTED;

	facts_read(&attempt->facts);
	if (!spool_has(&attempt->spool, "", EVENT_JOB_FINISHED))
		result = get_job(attempt);
	if (result == ATTEMPT_REPORTED && !spool_has(&attempt->spool, "", EVENT_JOB_FINISHED)) {
		result = keep_job_started(attempt) == 0 ? run_job(attempt) : ATTEMPT_BROKEN;
	}
	return result == ATTEMPT_REPORTED ? report_rest(attempt) : result;
}

enum attempt_result attempt_carry_out(const struct attempt_options *options)
{
	struct attempt attempt = {.options = options};
	struct spool_error error;
	enum attempt_result result;

	if (spool_open(&attempt.spool, options->spool_directory, options->attempt_id, &error) !=
	    0) {
		log_line("%s", error.text);
		return ATTEMPT_BROKEN;
	}
	attempt.client = http_open(options->server_url, options->token);
	if (attempt.client == NULL) {
		log_line("%s is no http:// or https:// URL", options->server_url);
		spool_close(&attempt.spool);
		return ATTEMPT_USAGE;
	}
	attempt.uploader = (struct uploader){
		.client = attempt.client,
		.spool = &attempt.spool,
		.attempt_id = options->attempt_id,
	};
	result = go_through(&attempt);
	job_free(&attempt.job);
	http_close(attempt.client);
	spool_close(&attempt.spool);
	return result;
}
