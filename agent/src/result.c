/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "result.h"

#include <jansson.h>
#include <stdio.h>

/* The benchmarks' own: nothing could run here, and the document says why. */
#define EXIT_SKIPPED 4

static bool parse_document(const struct buffer *output, char *problem, size_t size)
{
	json_error_t error;
	json_t *document;
	bool good;

	if (output->length == 0) {
		snprintf(problem, size, "stdout is empty, a JSON document was expected");
		return false;
	}
	document = json_loadb(output->data, output->length, JSON_REJECT_DUPLICATES, &error);
	good = json_is_object(document);
	if (document == NULL)
		snprintf(problem, size, "stdout is not JSON: line %d column %d: %.140s", error.line,
			 error.column, error.text);
	else if (!good)
		snprintf(problem, size, "stdout is JSON, but not an object");
	json_decref(document);
	return good;
}

bool result_judge(const struct job_phase *phase, struct phase_report *report)
{
	char problem[sizeof(report->reason)];
	bool ran_to_its_end = report->exit_code >= 0 &&
			      (report->outcome == PHASE_DONE || report->outcome == PHASE_ERROR);

	if (phase->result_format == RESULT_NONE || !ran_to_its_end || report->tree_left)
		return false;
	if (!parse_document(&report->output, problem, sizeof(problem))) {
		/* with a bad exit status, that is the reason to give */
		if (report->outcome == PHASE_DONE) {
			report->outcome = PHASE_ERROR;
			snprintf(report->reason, sizeof(report->reason), "%s", problem);
		}
		return false;
	}
	if (report->exit_code == EXIT_SKIPPED) {
		report->outcome = PHASE_DONE;
		report->reason[0] = '\0';
	}
	return true;
}
