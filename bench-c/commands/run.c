// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench run: measure what the command line names. */
#include "command.h"

#include "report.h"

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

static int run_one(const struct spec *spec, const struct request *request, struct json *json)
{
	struct result *result = result_new(spec, request->options.plan.samples_max);
	const struct bench *bench = spec->bench;

	if (result == NULL) {
		(void)command_error("%s: %s", bench->name, strerror(errno));
		return STATUS_ERROR;
	}
	int status = session_run_isolated(result, &request->options);
	if (status != STATUS_DONE)
		(void)command_error("%s: %s: %s", bench->name,
				    status == STATUS_SKIP ? "skip" : "error", result->reason);
	if (request->json)
		report_json_result(json, result);
	else
		report_text_result(stdout, result);
	result_free(result);
	return status;
}

static int run_all(const struct request *request, const struct spec_list *list)
{
	struct json json = {.out = stdout};
	size_t done = 0;
	size_t failed = 0;

	if (request->json)
		report_json_begin(&json, &request->options.clock);
	else
		report_text_begin(stdout, &request->options.clock);
	(void)fflush(stdout);
	for (size_t i = 0; i < list->count; i++) {
		int status = run_one(&list->specs[i], request, &json);
		done += status == STATUS_DONE;
		failed += status == STATUS_ERROR;
	}
	if (request->json)
		report_json_end(&json);
	if (fflush(stdout) != 0 || ferror(stdout) || json.failed)
		return command_error("the report could not be written");
	if (failed > 0)
		return EXIT_ERROR;
	return done > 0 ? EXIT_DONE : EXIT_ALL_SKIPPED;
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
