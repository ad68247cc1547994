/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phase's stdout and exit status mean, taken together. */
#ifndef KDYNO_RESULT_H
#define KDYNO_RESULT_H

#include <stdbool.h>

#include "phase.h"

/*
 * True if stdout is a result document to report. Amends the report: a benchmark that ends well
 * without a document is an error, and one that skips everything and says so is not.
 */
bool result_judge(const struct job_phase *phase, struct phase_report *report);

#endif
