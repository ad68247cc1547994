/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of the table for people. */
#ifndef KDYNO_REPORT_ROW_H
#define KDYNO_REPORT_ROW_H

#include "result.h"

#include <stdio.h>

void report_row_head(FILE *out);
void report_row_metric(FILE *out, const struct result *result, const struct metric *metric);

/* A benchmark without figures, and why. */
void report_row_reason(FILE *out, const struct result *result);

#endif
