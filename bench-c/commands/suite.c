// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench suite: a selection of benchmarks in a known time. */
#include "command.h"

#include "budget.h"
#include "output.h"
#include "suites.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { COMPLAINT_SIZE = 512, IDENTITY_SIZE = 256 };

struct suite_run {
	struct output output; /* first: the callbacks of output get the same pointer */
	struct budget budget;
};

static unsigned cpus_of(const struct request *request)
{
	cpu_set_t allowed = request->options.allowed;

	if (CPU_COUNT(&allowed) == 0 && sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&allowed);
}

static int find(const struct request *request, const char *name, struct spec_list *list,
		const struct suite **suite)
{
	char complaint[COMPLAINT_SIZE];

	*suite = suite_find(name);
	if (*suite == NULL)
		return usage_error("no suite %s, there are quick, micro and paper", name);
	if (!suite_expand(*suite, cpus_of(request), list, complaint, sizeof(complaint)))
		return command_error("suite %s: %s", name, complaint);
	return EXIT_DONE;
}

static void put_suite(struct json *json, const struct suite *suite, const struct spec_list *list,
		      bool with_rows)
{
	char identity[IDENTITY_SIZE];

	json_begin_object(json);
	json_put_string_at(json, "name", suite->name);
	json_put_string_at(json, "about", suite->about);
	json_put_number_at(json, "limit_s", suite->limit_s);
	json_put_integer_at(json, "runs", (int64_t)list->count);
	for (size_t i = 0; with_rows && i < list->count; i++) {
		if (i == 0) {
			json_key(json, "rows");
			json_begin_array(json);
		}
		spec_text(&list->specs[i], identity, sizeof(identity));
		json_begin_object(json);
		json_put_string_at(json, "run", identity);
		json_put_string_at(json, "placement", placement_name(list->specs[i].placement));
		json_end_object(json);
		if (i + 1 == list->count)
			json_end_array(json);
	}
	json_end_object(json);
}

static void print_rows(const struct spec_list *list)
{
	char identity[IDENTITY_SIZE];

	for (size_t i = 0; i < list->count; i++) {
		spec_text(&list->specs[i], identity, sizeof(identity));
		(void)printf("%-48s %s\n", identity, placement_name(list->specs[i].placement));
	}
}

int suite_list_rows(const struct request *request, const char *name)
{
	struct json json = {.out = stdout};
	struct spec_list list = {0};
	const struct suite *suite;
	int error = find(request, name, &list, &suite);

	if (error == 0 && request->json)
		put_suite(&json, suite, &list, true);
	else if (error == 0)
		print_rows(&list);
	spec_list_free(&list);
	return error;
}

static int list_suites(const struct request *request)
{
	struct json json = {.out = stdout};

	if (request->json)
		json_begin_array(&json);
	for (const struct suite *at = suites; at->name != NULL; at++) {
		struct spec_list list = {0};
		const struct suite *suite;
		int error = find(request, at->name, &list, &suite);
		if (error == 0 && request->json)
			put_suite(&json, suite, &list, false);
		else if (error == 0)
			(void)printf("%-8s %4zu runs in %4g s at most  %s\n", at->name, list.count,
				     at->limit_s, at->about);
		spec_list_free(&list);
		if (error != 0)
			return error;
	}
	if (request->json)
		json_end_array(&json);
	return EXIT_DONE;
}

static bool share(void *context, const struct progress *progress, unsigned rounds_had,
		  struct options *options)
{
	const struct suite_run *run = context;

	return budget_share(&run->budget, progress, rounds_had, options);
}

static int run_suite(const struct request *request, const struct suite *suite,
		     const struct spec_list *list)
{
	struct suite_run run = {.budget = {suite->limit_s, suite->most_s}};
	struct tally tally = {0};

	if (request->time_limit_s > 0)
		run.budget = (struct budget){request->time_limit_s, request->time_limit_s};
	const struct schedule schedule = {.list = list,
					  .options = command_options(request),
					  .limit_s = run.budget.limit_s,
					  .adapt = share,
					  .finished = output_result,
					  .progress = output_progress,
					  .context = &run};
	int error = output_open(&run.output, request);
	if (error != 0)
		return error;
	output_begin(&run.output);
	error = schedule_run(&schedule, &tally);
	if (error != 0)
		(void)command_error("no memory for the samples of %zu benchmarks: %s", list->count,
				    strerror(errno));
	int code = output_close(&run.output, &tally);
	return error != 0 ? EXIT_ERROR : code;
}

int command_suite(struct request *request)
{
	struct spec_list list = {0};
	const struct suite *suite;

	if (request->name_count == 0)
		return list_suites(request);
	if (request->name_count != 1)
		return usage_error("suite takes one name");
	if (request->only_list)
		return suite_list_rows(request, request->names[0]);
	if (suite_find(request->names[0]) == NULL)
		return find(request, request->names[0], &list, &suite);
	int error = command_prepare(request);
	if (error == 0)
		error = find(request, request->names[0], &list, &suite);
	if (error == 0)
		error = run_suite(request, suite, &list);
	spec_list_free(&list);
	return error;
}
