/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the program under the sanitizers and looks at what it says. */
#ifndef KDYNO_TEST_CLI_H
#define KDYNO_TEST_CLI_H

#include "fake.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define KBENCH	"build/tests/kbench "
#define QUICKLY " --time-budget 0.05 --min-samples 3 --max-samples 50 "

enum { OUTPUT_SIZE = 4 * 1024 * 1024 };

static char output[OUTPUT_SIZE];

/* Leaves stdout (and what the command sends there) in output; returns the exit code. */
static inline int shell(const char *command)
{
	FILE *pipe = popen(command, "r");

	assert_non_null(pipe);
	size_t length = fread(output, 1, sizeof(output) - 1, pipe);
	output[length] = '\0';
	int status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void assert_says(const char *words)
{
	if (strstr(output, words) == NULL)
		fail_msg("no \"%s\" in: %s", words, output);
}

static inline json_t *parse_output(void)
{
	json_error_t error;
	json_t *document = json_loads(output, JSON_REJECT_DUPLICATES, &error);

	if (document == NULL)
		fail_msg("line %d: %s in: %s", error.line, error.text, output);
	return document;
}

#endif
