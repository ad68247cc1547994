/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results for programs (JSON) and for people (a table). */
#ifndef KDYNO_REPORT_H
#define KDYNO_REPORT_H

#include "clock.h"
#include "json.h"
#include "result.h"

/* A document is begun, gets its results one by one as they come, and is ended. */
void report_json_begin(struct json *json, const struct clock *clock);
void report_json_result(struct json *json, const struct result *result);
void report_json_end(struct json *json);

void report_text_begin(FILE *out, const struct clock *clock);
void report_text_result(FILE *out, const struct result *result);

void report_list_json(FILE *out);
void report_list_text(FILE *out);
void report_documentation(FILE *out, const struct bench *bench);

const char *report_version(void);

#endif
