// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench compare: what two documents say about a change. */
#include "command.h"

#include "comparison.h"

#include <stdio.h>

int command_compare(struct request *request)
{
	struct comparison comparison;
	char complaint[512];

	if (request->name_count != 2)
		return usage_error("compare needs two files, before and after");
	const char *before = request->names[0];
	const char *after = request->names[1];
	bool fine = comparison_open(&comparison, before, after, complaint, sizeof(complaint));
	if (!fine)
		(void)command_error("%s", complaint);
	else if (request->json)
		comparison_json(&comparison);
	else
		comparison_text(&comparison, before, after);
	comparison_free(&comparison);
	if (fine && (fflush(stdout) != 0 || ferror(stdout)))
		return command_error("the comparison could not be written");
	return fine ? EXIT_DONE : EXIT_ERROR;
}
