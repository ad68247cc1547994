/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a phase's program in its own session, with nothing inherited but its two pipes. */
#ifndef KDYNO_SPAWN_H
#define KDYNO_SPAWN_H

#include <sys/types.h>

#include "job.h"

struct spawned {
	pid_t pid;
	int output_fd; /* reads its stdout, non-blocking */
	int error_fd;  /* reads its stderr, non-blocking */
};

/* Returns 0 once the program runs, or the errno of what failed (with nothing left behind). */
int spawn(const struct job_phase *phase, struct spawned *spawned);

#endif
