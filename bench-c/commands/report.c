// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench report: the machine in one table, predicted and measured. */
#include "command.h"

#include "machine.h"
#include "progress.h"

#include <stdio.h>

int command_report(struct request *request)
{
	static struct machine machine;
	int error = EXIT_DONE;

	if (request->name_count != 0)
		return usage_error("report takes no names");
	machine.request = request;
	if (request->from != NULL)
		error = machine_read(&machine, request->from);
	else
		error = command_prepare(request);
	if (error == 0 && request->from == NULL)
		error = machine_measure(&machine);
	progress_wipe();
	if (error == 0 && request->json)
		machine_json(&machine);
	else if (error == 0)
		machine_text(&machine);
	spec_list_free(&machine.list);
	if (error == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		return command_error("the report could not be written");
	return error;
}
