/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The job document: what the server asks this machine to run. It comes over the network, so each
 * size is limited and each member is checked before anything of it is used.
 */
#ifndef KDYNO_JOB_H
#define KDYNO_JOB_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_SCHEMA	     "kdyno.job/1"
#define JOB_DOCUMENT_MAX     (1024 * 1024) /* bytes */
#define JOB_PHASES_MAX	     256
#define JOB_NAME_MAX	     191 /* bytes in the name of a phase */
#define JOB_ARGV_MAX	     256
#define JOB_ENV_MAX	     64
#define JOB_VARIABLE_MAX     128  /* bytes in the name of a variable */
#define JOB_STRING_MAX	     4096 /* bytes in one argument or value */
#define JOB_TIMEOUT_MAX_S    86400
#define JOB_TERM_GRACE_MAX_S 300
/* The server takes requests of 16 MiB; what is left is for the event around the output. */
#define JOB_OUTPUT_MAX (15 * 1024 * 1024)

enum result_format {
	RESULT_NONE,
	/* Each of these: stdout is one JSON object, sent to the server as it is. */
	RESULT_KBENCH,
	RESULT_REAIM,
	RESULT_PROFILE,
};

struct job_phase {
	const char *name;
	char **argv; /* NULL-terminated; argv[0] is an absolute path */
	char **env;  /* NULL-terminated NAME=value, the whole environment of the phase */
	int timeout_s;
	int term_grace_s;
	size_t output_limit_bytes;
	enum result_format result_format;
};

struct job {
	int64_t attempt_id;
	size_t phase_count;
	struct job_phase *phases;
	json_t *document; /* owns the strings the phases point to */
};

struct job_error {
	char text[256]; /* where in the document and what is wrong there */
};

/* Returns 0, or -1 with the reason; job is then empty and need not be freed. */
int job_parse(const char *text, size_t length, struct job *job, struct job_error *error);
void job_free(struct job *job);

#endif
