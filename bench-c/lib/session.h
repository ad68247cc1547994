/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one benchmark, in this process or in one of its own. */
#ifndef KDYNO_SESSION_H
#define KDYNO_SESSION_H

#include "options.h"
#include "result.h"

/* One round here: sets affinity, forks children, may hang if the benchmark does. Its samples
 * are added to those that result already has. Returns the status. */
int session_run(struct result *result, const struct options *options);

/* The same as session_run() in a process and process group of its own, killed when it takes longer
 * than its budget and timeout_s. Survives a benchmark that crashes or hangs. */
int session_run_isolated(struct result *result, const struct options *options);

/* SIGINT, SIGTERM or SIGHUP if one came during a benchmark, else 0. That benchmark was killed and
 * cleaned up after, it and all later ones are skipped; what is to be done about it, once the
 * results are out, is the caller's business. */
int session_interrupted(void);

/* Whether this program can be started anew, as options.fresh_image wants it: it tries. */
bool session_can_start_anew(void);

/* For the first line of main(): when this process was started by session_run_isolated() it
 * does its work and does not return. */
void session_child_main(int argc, char **argv);

#endif
