// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench run: measure what the command line names. */
#include "command.h"

#include "report.h"
#include "schedule.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 160, IDENTITY_SIZE = 96 };

/* Results on their way to the reader. */
struct output {
	const struct request *request;
	struct json json;
	bool progress_shown;
};

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

static void wipe_progress(struct output *output)
{
	if (output->progress_shown)
		(void)fprintf(stderr, "\r%*s\r", LINE_SIZE / 2, "");
	output->progress_shown = false;
}

static void show_progress(void *context, const struct progress *progress)
{
	struct output *output = context;
	char identity[IDENTITY_SIZE];
	long left_s = 0;

	if (progress->next == NULL || isatty(STDERR_FILENO) != 1)
		return;
	if (progress->done > 0)
		left_s = lround(progress->elapsed_s / (double)progress->done *
				(double)(progress->total - progress->done));
	spec_text(progress->next, identity, sizeof(identity));
	wipe_progress(output);
	(void)fprintf(stderr, "[%zu/%zu] %.40s %s  %ld:%02ld left", progress->done + 1,
		      progress->total, identity, placement_name(progress->next->placement),
		      left_s / 60, left_s % 60);
	output->progress_shown = true;
}

static void write_result(void *context, const struct result *result)
{
	struct output *output = context;

	wipe_progress(output);
	if (result->status != STATUS_DONE)
		(void)command_error("%s: %s: %s", result->spec.bench->name,
				    result->status == STATUS_SKIP ? "skip" : "error",
				    result->reason);
	if (output->request->json)
		report_json_result(&output->json, result);
	else
		report_text_result(stdout, result);
}

static int run_all(const struct request *request, const struct spec_list *list)
{
	struct output output = {.request = request, .json = {.out = stdout}};
	const struct schedule schedule = {.list = list,
					  .options = request->options,
					  .finished = write_result,
					  .progress = show_progress,
					  .context = &output};
	struct tally tally;

	if (request->json)
		report_json_begin(&output.json, &request->options.clock);
	else
		report_text_begin(stdout, &request->options.clock);
	(void)fflush(stdout);
	if (schedule_run(&schedule, &tally) != 0)
		return command_error("no memory for the samples of %zu benchmarks: %s", list->count,
				     strerror(errno));
	if (request->json)
		report_json_end(&output.json);
	if (fflush(stdout) != 0 || ferror(stdout) || output.json.failed)
		return command_error("the report could not be written");
	if (tally.failed > 0)
		return EXIT_ERROR;
	return tally.done > 0 ? EXIT_DONE : EXIT_ALL_SKIPPED;
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
