// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.h"

#include "progress.h"
#include "report.h"

#include <errno.h>
#include <string.h>

int output_open(struct output *output, const struct request *request)
{
	*output = (struct output){.request = request, .json = {.out = stdout}};
	if (request->output == NULL)
		return EXIT_DONE;
	if (atomic_file_open(&output->file, request->output) != 0)
		return command_error("%s cannot be written: %s", request->output, strerror(errno));
	output->json_to_file.out = output->file.stream;
	return EXIT_DONE;
}

void output_begin(struct output *output)
{
	const struct clock *clock = &output->request->options.clock;

	if (output->request->json)
		report_json_begin(&output->json, clock);
	else
		report_text_begin(stdout, clock);
	if (output->file.stream != NULL)
		report_json_begin(&output->json_to_file, clock);
	(void)fflush(stdout);
	output->has_begun = true;
}

/* The table says itself why a benchmark has no figure; whoever reads JSON by program sees it on
 * stderr. */
void output_result(void *context, const struct result *result)
{
	struct output *output = context;

	progress_wipe();
	if (output->request->json && result->status != STATUS_DONE)
		(void)command_error("%s: %s: %s", result->spec.bench->name,
				    result->status == STATUS_SKIP ? "skip" : "error",
				    result->reason);
	if (output->request->json)
		report_json_result(&output->json, result);
	else
		report_text_result(stdout, result);
	if (output->file.stream != NULL)
		report_json_result(&output->json_to_file, result);
}

void output_progress(void *context, const struct progress *progress)
{
	(void)context;
	progress_show(progress);
}

static int end_file(struct output *output)
{
	if (!output->has_begun || output->json_to_file.failed) {
		atomic_file_drop(&output->file);
		return output->has_begun ? command_error("a figure was no number") : EXIT_ERROR;
	}
	report_json_end(&output->json_to_file);
	if (atomic_file_commit(&output->file) != 0)
		return command_error("%s could not be written: %s", output->request->output,
				     strerror(errno));
	return EXIT_DONE;
}

int output_close(struct output *output, const struct tally *tally)
{
	int error = EXIT_DONE;

	progress_wipe();
	if (output->has_begun && output->request->json)
		report_json_end(&output->json);
	if (fflush(stdout) != 0 || ferror(stdout) || output->json.failed)
		error = command_error("the report could not be written");
	if (output->file.stream != NULL && end_file(output) != 0)
		error = EXIT_ERROR;
	bool tolerated = output->request->tolerates_errors && tally->done > 0;
	if (error != 0 || !output->has_begun || (tally->failed > 0 && !tolerated))
		return EXIT_ERROR;
	return tally->done > 0 ? EXIT_DONE : EXIT_ALL_SKIPPED;
}
