// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench run: measure what the command line names. */
#include "command.h"

#include "output.h"
#include "schedule.h"

#include <errno.h>
#include <string.h>

/* All or nothing: a name that is wrong is said before an hour of measuring, not after. */
static int expand_names(const struct request *request, struct spec_list *list)
{
	char complaint[512];

	for (int i = 0; i < request->name_count; i++)
		if (!spec_list_add(list, request->names[i], request->placement, complaint,
				   sizeof(complaint)))
			return usage_error("%s", complaint);
	return EXIT_DONE;
}

static int run_all(const struct request *request, const struct spec_list *list)
{
	struct output output;
	struct tally tally = {0};
	const struct schedule schedule = {.list = list,
					  .options = command_options(request),
					  .finished = output_result,
					  .progress = output_progress,
					  .context = &output};

	int error = output_open(&output, request);
	if (error != 0)
		return error;
	output_begin(&output);
	error = schedule_run(&schedule, &tally);
	if (error != 0)
		(void)command_error("no memory for the samples of %zu benchmarks: %s", list->count,
				    strerror(errno));
	int code = output_close(&output, &tally);
	return error != 0 ? EXIT_ERROR : code;
}

int command_run(struct request *request)
{
	struct spec_list list = {0};

	if (request->name_count == 0)
		return usage_error("run needs the name of a benchmark");
	int error = expand_names(request, &list);
	if (error == 0)
		error = command_prepare(request);
	if (error == 0)
		error = run_all(request, &list);
	spec_list_free(&list);
	return error;
}
