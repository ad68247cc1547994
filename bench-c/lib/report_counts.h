/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was counted during each sample, and whether it explains the slow ones. */
#ifndef KDYNO_REPORT_COUNTS_H
#define KDYNO_REPORT_COUNTS_H

#include "json.h"
#include "result.h"

#include <stdio.h>

/* An object at key "sample_counts"; of what is subtracted, an empty one. */
void report_counts_json(struct json *json, const struct result *result,
			const struct metric *metric);

/* The one thing that explains slow samples best, as a note of the table; else nothing. */
void report_counts_note(FILE *out, const struct result *result);

#endif
