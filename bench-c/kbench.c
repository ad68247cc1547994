// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench: list, explain and run the benchmarks. */
#include "registry.h"
#include "report.h"
#include "session.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_ALL_SKIPPED = 4 };
enum { SAMPLES_LIMIT = 100000 };

static const char help_text[] =
	"usage: kbench list [--json]\n"
	"       kbench show NAME\n"
	"       kbench run NAME... [options]\n"
	"       kbench --help | --version\n"
	"\n"
	"NAME may be a shell pattern, as in kbench run 'lat_*'.\n"
	"\n"
	"options of run:\n"
	"  --json             one JSON document on stdout instead of a table\n"
	"  --time-budget S    seconds for each benchmark (3)\n"
	"  --target-rel R     stop when the half width of the median's 95 % interval is at most\n"
	"                     R times the median (0.005)\n"
	"  --placement P      same-cpu (default), cross-cpu or free\n"
	"  --min-samples N    at least so many, if the time budget holds them (30)\n"
	"  --max-samples N    at most so many per metric (1000)\n"
	"\n"
	"exit status: 0 done, 1 error, 2 usage, 4 every benchmark was skipped\n";

struct request {
	bool json;
	enum placement placement;
	struct options options;
	char **names;
	int name_count;
};

__attribute__((format(printf, 1, 2))) static int usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("kbench: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputs("; see kbench --help\n", stderr);
	va_end(arguments);
	return EXIT_USAGE;
}

static bool parse_positive(const char *text, double limit, double *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0' && isfinite(*value) && *value > 0 &&
	       *value <= limit;
}

static bool parse_count(const char *text, size_t *count)
{
	double value = 0;

	if (!parse_positive(text, SAMPLES_LIMIT, &value) || value != floor(value))
		return false;
	*count = (size_t)value;
	return true;
}

static bool apply_option(int option, const char *text, struct request *request)
{
	struct sampling_plan *plan = &request->options.plan;
	double seconds = 0;

	switch (option) {
	case 'j':
		request->json = true;
		return true;
	case 'b':
		if (!parse_positive(text, 86400, &seconds))
			return false;
		plan->budget_ns = seconds * 1e9;
		return true;
	case 't':
		return parse_positive(text, 1, &plan->target_relative);
	case 'p':
		return placement_from_name(text, &request->placement);
	case 'n':
		return parse_count(text, &plan->samples_min);
	default:
		return parse_count(text, &plan->samples_max);
	}
}

static int parse_options(int argc, char **argv, struct request *request)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'},
		{"time-budget", required_argument, NULL, 'b'},
		{"target-rel", required_argument, NULL, 't'},
		{"placement", required_argument, NULL, 'p'},
		{"min-samples", required_argument, NULL, 'n'},
		{"max-samples", required_argument, NULL, 'x'},
		{0},
	};
	int index = 0;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
		if (option == '?')
			return usage_error("unknown or incomplete option %s", argv[optind - 1]);
		if (!apply_option(option, optarg, request))
			return usage_error("bad value for --%s: %s", known[index].name, optarg);
	}
	if (request->options.plan.samples_min > request->options.plan.samples_max)
		return usage_error("--min-samples is above --max-samples");
	request->names = argv + optind;
	request->name_count = argc - optind;
	return EXIT_DONE;
}

static int unknown_name(const char *name)
{
	const char *suggestion = registry_suggest(name);

	if (suggestion != NULL)
		(void)fprintf(stderr, "kbench: no benchmark %s, did you mean %s?\n", name,
			      suggestion);
	else
		(void)fprintf(stderr, "kbench: no benchmark %s, see kbench list\n", name);
	return EXIT_USAGE;
}

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
		(void)fprintf(stderr, "kbench: %s: %s\n", bench->name, strerror(errno));
		return STATUS_ERROR;
	}
	int status = session_run_isolated(result, &request->options);
	if (status != STATUS_DONE)
		(void)fprintf(stderr, "kbench: %s: %s: %s\n", bench->name,
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
	if (fflush(stdout) != 0 || ferror(stdout) || json.failed) {
		(void)fprintf(stderr, "kbench: the report could not be written\n");
		return EXIT_ERROR;
	}
	if (failed > 0)
		return EXIT_ERROR;
	return done > 0 ? EXIT_DONE : EXIT_ALL_SKIPPED;
}

static int command_run(struct request *request)
{
	struct options *options = &request->options;

	if (request->name_count == 0)
		return usage_error("run needs the name of a benchmark");
	struct spec_list list = {0};
	int error = expand_names(request, &list);
	if (error != 0)
		return error;
	if (sched_getaffinity(0, sizeof(options->allowed), &options->allowed) != 0) {
		(void)fprintf(stderr, "kbench: cannot read the CPU affinity: %s\n",
			      strerror(errno));
		return EXIT_ERROR;
	}
	options->clock = clock_monotonic();
	if (clock_measure(&options->clock) != 0) {
		(void)fprintf(stderr, "kbench: CLOCK_MONOTONIC does not advance\n");
		return EXIT_ERROR;
	}
	error = run_all(request, &list);
	spec_list_free(&list);
	return error;
}

static int command_list(struct request *request)
{
	if (request->json)
		report_list_json(stdout);
	else
		report_list_text(stdout);
	return EXIT_DONE;
}

static int command_show(struct request *request)
{
	if (request->name_count != 1)
		return usage_error("show needs one name");
	for (size_t i = 0; i < registry_count(); i++) {
		if (strcmp(registry_at(i)->name, request->names[0]) == 0) {
			report_documentation(stdout, registry_at(i));
			return EXIT_DONE;
		}
	}
	return unknown_name(request->names[0]);
}

static const struct command {
	const char *name;
	int (*function)(struct request *request);
} commands[] = {
	{"list", command_list},
	{"show", command_show},
	{"run", command_run},
};

int main(int argc, char **argv)
{
	struct request request = {
		.placement = PLACEMENT_SAME_CPU,
		.options = {.fresh_image = true,
			    .plan = {.target_relative = 0.005,
				     .confidence = 0.95,
				     .samples_min = 30,
				     .samples_max = 1000,
				     .budget_ns = 3e9}},
	};

	session_child_main(argc, argv);
	if (argc < 2)
		return usage_error("no command");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		(void)fputs(help_text, stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("kbench %s\n", report_version());
		return EXIT_DONE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		int error = parse_options(argc - 1, argv + 1, &request);
		return error != 0 ? error : commands[i].function(&request);
	}
	return usage_error("unknown command %s", argv[1]);
}
