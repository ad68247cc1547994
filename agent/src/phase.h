/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One phase: a program run under a deadline, with everything it starts. While it runs, the agent
 * sleeps in poll() and wakes only for output, the end of a process, the deadline or SIGTERM.
 */
#ifndef KDYNO_PHASE_H
#define KDYNO_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "job.h"

#define PHASE_STDERR_MAX 4096 /* bytes kept: the last ones */

enum phase_outcome {
	PHASE_DONE,
	PHASE_ERROR,
	PHASE_TIMEOUT,
	PHASE_OUTPUT_LIMIT,
};

struct phase_report {
	enum phase_outcome outcome;
	int exit_code; /* -1: did not exit by itself */
	int signal;    /* 0: not ended by a signal */
	int64_t duration_ms;
	char reason[256];     /* empty if done */
	struct buffer output; /* stdout */
	char stderr_tail[PHASE_STDERR_MAX + 1];
	bool tree_left; /* something of the tree could not be killed: trust this machine no more */
};

const char *phase_outcome_name(enum phase_outcome outcome);

/* Once per process, before the first phase. Returns 0, or -1 with errno set. */
int phase_init(void);

/* Runs the phase to its end; nothing of its tree is left afterwards unless tree_left says so. */
void phase_run(const struct job_phase *phase, struct phase_report *report);
void phase_report_free(struct phase_report *report);

#endif
