/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of the agent: one attempt, from fetching its job to the last acknowledgement. */
#ifndef KDYNO_ATTEMPT_H
#define KDYNO_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes of the program. */
enum attempt_result {
	ATTEMPT_REPORTED = 0, /* the server has acknowledged everything */
	ATTEMPT_REFUSED = 1,  /* the server refuses us: wrong token, unknown or closed attempt */
	ATTEMPT_USAGE = 2,
	ATTEMPT_UNREPORTED = 3, /* the server stayed away; events wait in the spool */
	ATTEMPT_STOPPED = 4,	/* SIGTERM or SIGINT; what could not be reported is in the spool */
	ATTEMPT_BROKEN = 5,	/* this machine: spool, memory, signals */
};

struct attempt_options {
	const char *server_url;
	int64_t attempt_id;
	const char *token;
	const char *spool_directory;
	int64_t patience_ms; /* with a server that is away */
	bool once;	     /* each request is tried once */
};

enum attempt_result attempt_carry_out(const struct attempt_options *options);

#endif
