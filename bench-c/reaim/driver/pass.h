/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass: children prepared, started together, waited for. */
#ifndef KDYNO_REAIM_PASS_H
#define KDYNO_REAIM_PASS_H

#include "child.h"
#include "monitor.h"

/* The time limit of a pass by the released rule, at least `floor_s`. */
uint64_t pass_timeout_s(const struct settings *settings, size_t users, size_t blocks);

/* Run it. EXIT_DONE: every child did all its jobs and pass->board holds what they measured.
 * EXIT_SKIPPED: an operation cannot run here, see pass_skip_reason(). EXIT_FAILED after a
 * complaint; no process of the pass is left in either case. */
int pass_run(struct pass *pass, struct monitor *monitor);

/* Why the board's first skipping child skipped; names no test. */
const char *pass_skip_reason(const struct board *board, size_t *test);

#endif
