/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results on their way to the reader: a table or JSON on stdout, JSON in the file of --output,
 * a line of progress on the terminal. */
#ifndef KDYNO_OUTPUT_H
#define KDYNO_OUTPUT_H

#include "atomic_file.h"
#include "command.h"
#include "json.h"
#include "schedule.h"

struct output {
	const struct request *request;
	struct json json; /* to stdout */
	struct json json_to_file;
	struct atomic_file file;
	bool has_begun;
};

/* An exit code. Nothing reaches stdout before output_begin(). */
int output_open(struct output *output, const struct request *request);
void output_begin(struct output *output);

/* For struct schedule; `context` is the output. */
void output_result(void *context, const struct result *result);
void output_progress(void *context, const struct progress *progress);

/* Ends and checks all that was written. An exit code: whether there are results as promised. */
int output_close(struct output *output, const struct tally *tally);

#endif
