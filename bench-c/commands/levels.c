// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench levels: the memory hierarchy, measured. */
#include "levels.h"

#include "command.h"

static const double budget_s = 30;

int command_levels(struct request *request)
{
	if (request->name_count != 0)
		return usage_error("levels takes no names");
	int error = command_prepare(request);
	if (error != 0)
		return error;
	if (levels_print(stdout, request->json, &request->options, budget_s) != 0)
		return command_error("the levels could not be measured or written");
	return EXIT_DONE;
}
