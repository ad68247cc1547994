// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench: options and the way to the commands. */
#include "command.h"
#include "report.h"
#include "session.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_LIMIT = 100000, OPTIONS_MAX = 64 };

static bool parse_positive(const char *text, double limit, double *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0' && isfinite(*value) && *value > 0 &&
	       *value <= limit;
}

static bool parse_count(const char *text, size_t limit, size_t *count)
{
	double value = 0;

	if (!parse_positive(text, (double)limit, &value) || value != floor(value))
		return false;
	*count = (size_t)value;
	return true;
}

static bool set_json(struct request *request, const char *text)
{
	(void)text;
	request->json = true;
	return true;
}

static bool set_text(struct request *request, const char *text)
{
	(void)text;
	request->json = false;
	return true;
}

static bool set_tolerance(struct request *request, const char *text)
{
	(void)text;
	request->tolerates_errors = true;
	return true;
}

static bool set_sample_counts(struct request *request, const char *text)
{
	(void)text;
	request->options.lists_sample_counts = true;
	return true;
}

static bool set_output(struct request *request, const char *text)
{
	request->output = text;
	return *text != '\0';
}

static bool set_time_budget(struct request *request, const char *text)
{
	double seconds = 0;

	if (!parse_positive(text, 86400, &seconds))
		return false;
	request->options.plan.budget_ns = seconds * 1e9;
	return true;
}

static bool set_target(struct request *request, const char *text)
{
	return parse_positive(text, 1, &request->options.plan.target_relative);
}

static bool set_samples_min(struct request *request, const char *text)
{
	return parse_count(text, SAMPLES_LIMIT, &request->options.plan.samples_min);
}

static bool set_samples_max(struct request *request, const char *text)
{
	return parse_count(text, SAMPLES_LIMIT, &request->options.plan.samples_max);
}

static bool set_placement(struct request *request, const char *text)
{
	return placement_from_name(text, &request->placement);
}

static bool set_seed(struct request *request, const char *text)
{
	char *end = NULL;

	errno = 0;
	request->options.seed = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static bool set_rounds(struct request *request, const char *text)
{
	size_t rounds = 0;

	if (!parse_count(text, ROUNDS_MAX, &rounds))
		return false;
	request->options.rounds = (unsigned)rounds;
	return true;
}

static bool set_cpus(struct request *request, const char *text)
{
	return topology_parse_list(text, &request->cpus) >= 0;
}

/* Through the environment, which new programs inherit. */
static bool set_directory(struct request *request, const char *text)
{
	(void)request;
	return *text != '\0' && setenv("TMPDIR", text, 1) == 0;
}

static bool set_fifo(struct request *request, const char *text)
{
	size_t priority = 0;

	if (!parse_count(text, 99, &priority))
		return false;
	request->options.isolation.fifo_priority = (int)priority;
	return true;
}

static bool set_lock_memory(struct request *request, const char *text)
{
	(void)text;
	request->options.isolation.lock_memory = true;
	return true;
}

static bool set_without_huge_pages(struct request *request, const char *text)
{
	(void)text;
	request->options.isolation.without_huge_pages = true;
	return true;
}

static bool set_same_program(struct request *request, const char *text)
{
	(void)text;
	request->options.fresh_image = false;
	return true;
}

static bool set_from(struct request *request, const char *text)
{
	request->from = text;
	return *text != '\0';
}

static bool set_peer(struct request *request, const char *text)
{
	request->peer = text;
	return *text != '\0';
}

static bool set_remote_directory(struct request *request, const char *text)
{
	request->remote_directory = text;
	return *text != '\0';
}

static bool set_file_cache(struct request *request, const char *text)
{
	return parse_positive(text, 86400, &request->file_cache_s);
}

static bool set_suite(struct request *request, const char *text)
{
	request->suite = text;
	return true;
}

static bool set_only_list(struct request *request, const char *text)
{
	(void)text;
	request->only_list = true;
	return true;
}

static bool set_time_limit(struct request *request, const char *text)
{
	return parse_positive(text, 86400, &request->time_limit_s);
}

/* An option is a row: its name, what a value of it is called (NULL: it has none), and a line
 * of help. `set` returns false for a bad value. */
static const struct option_row {
	unsigned group; /* TAKES_... of the commands that know it */
	const char *name;
	const char *value;
	const char *help;
	bool (*set)(struct request *request, const char *text);
} rows[] = {
	{TAKES_JSON, "json", NULL, "one JSON document on stdout", set_json},
	{TAKES_JSON, "text", NULL, "a table on stdout (default)", set_text},
	{TAKES_OUTPUT, "output", "FILE", "the JSON document into FILE too, once it is complete",
	 set_output},
	{TAKES_OUTPUT, "sample-counts", NULL,
	 "what was counted in each single sample into the document", set_sample_counts},
	{TAKES_OUTPUT, "tolerate-errors", NULL,
	 "exit status 0 if some benchmarks succeed, whatever the others do", set_tolerance},
	{TAKES_SAMPLING, "time-budget", "S", "seconds for each benchmark (3)", set_time_budget},
	{TAKES_SAMPLING, "target-rel", "R",
	 "stop when the half width of the median's 95 % interval\n"
	 "is at most R times the median (0.005)",
	 set_target},
	{TAKES_SAMPLING, "min-samples", "N", "at least so many, if the time budget holds them (30)",
	 set_samples_min},
	{TAKES_SAMPLING, "max-samples", "N", "at most so many per metric (3000)", set_samples_max},
	{TAKES_PLACEMENT, "placement", "P",
	 "same-cpu (default), cross-cpu, smt, same-llc, cross-llc,\n"
	 "cross-node or free",
	 set_placement},
	{TAKES_MACHINE, "rounds", "N",
	 "spread each benchmark over N processes (4), which take\n"
	 "turns with those of the others",
	 set_rounds},
	{TAKES_MACHINE, "seed", "N",
	 "draw the order of benchmarks and the layout of each\n"
	 "process from N; 0 (default): as given, as it comes",
	 set_seed},
	{TAKES_MACHINE, "cpus", "LIST", "use no other CPUs than these, as in 2,4-7", set_cpus},
	{TAKES_MACHINE, "directory", "DIR", "where files go ($TMPDIR, else /var/tmp)",
	 set_directory},
	{TAKES_MACHINE, "fifo", "N", "run under SCHED_FIFO with priority N (needs a privilege)",
	 set_fifo},
	{TAKES_MACHINE, "lock-memory", NULL, "mlockall() each benchmark", set_lock_memory},
	{TAKES_MACHINE, "no-huge-pages", NULL, "no transparent huge pages for the benchmarks",
	 set_without_huge_pages},
	{TAKES_MACHINE, "same-program", NULL,
	 "fork benchmarks instead of starting this program anew\n"
	 "for each: one layout for all; for debuggers",
	 set_same_program},
	{TAKES_REPORT, "from", "FILE", "take the figures out of a document instead of measuring",
	 set_from},
	{TAKES_REPORT, "peer", "A:P", "where kbench serve listens on another machine", set_peer},
	{TAKES_REPORT, "remote-directory", "DIR", "a writable directory on a network mount",
	 set_remote_directory},
	{TAKES_REPORT, "file-cache", "S",
	 "search the file cache's size with growing files for S seconds", set_file_cache},
	{TAKES_SUITE, "list", NULL, "print what would be run", set_only_list},
	{TAKES_SUITE, "time-limit", "S", "seconds for all together (the suite's own)",
	 set_time_limit},
	{TAKES_LISTING, "suite", "NAME", "what that suite runs", set_suite},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((size_t)ROW_COUNT < (size_t)OPTIONS_MAX, "getopt's table has room for all");

static void print_options(const struct command *command)
{
	char left[64];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *row = &rows[i];
		const char *help = row->help;
		if ((row->group & command->takes) == 0)
			continue;
		(void)snprintf(left, sizeof(left), "--%s%s%s", row->name,
			       row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value);
		for (;;) {
			size_t length = strcspn(help, "\n");
			(void)printf("  %-22s %.*s\n", left, (int)length, help);
			if (help[length] == '\0')
				break;
			help += length + 1;
			left[0] = '\0';
		}
	}
}

static int print_command_help(const struct command *command)
{
	(void)printf("usage: kbench %s%s%s%s\n\n%s\n", command->name,
		     *command->arguments == '\0' ? "" : " ", command->arguments,
		     command->takes == 0 ? "" : " [options]", command->summary);
	if (*command->help != '\0')
		(void)printf("\n%s", command->help);
	if (command->takes != 0)
		(void)printf("\noptions:\n");
	print_options(command);
	return EXIT_DONE;
}

static int print_help(void)
{
	(void)printf("usage: kbench COMMAND [options]\n"
		     "       kbench COMMAND --help\n"
		     "       kbench --help | --version\n");
	for (const struct command_group *group = command_groups; group->heading != NULL; group++) {
		(void)printf("\n%s:\n", group->heading);
		for (const struct command *at = group->commands; at->name != NULL; at++)
			(void)printf("  %-10s %s\n", at->name, at->summary);
	}
	(void)printf("\nexit status: 0 done, 1 error, 2 usage, 4 every benchmark was skipped\n");
	return EXIT_DONE;
}

/* The options that the command takes, as getopt wants them: a row's index is its value. */
static void make_table(const struct command *command, struct option table[OPTIONS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if ((rows[i].group & command->takes) == 0)
			continue;
		table[count++] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].value == NULL ? no_argument : required_argument,
			.val = (int)i + OPTIONS_MAX};
	}
	table[count] = (struct option){0};
}

static int parse_options(int argc, char **argv, struct request *request)
{
	struct option table[OPTIONS_MAX];
	const struct sampling_plan *plan = &request->options.plan;
	int option;

	make_table(request->command, table);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == '?')
			return usage_error("unknown or incomplete option %s", argv[optind - 1]);
		const struct option_row *row = &rows[option - OPTIONS_MAX];
		if (!row->set(request, optarg))
			return usage_error("bad value for --%s: %s", row->name, optarg);
	}
	if (plan->samples_min > plan->samples_max)
		return usage_error("--min-samples is above --max-samples");
	if (request->options.rounds > plan->samples_max)
		return usage_error("--rounds is above --max-samples");
	request->names = argv + optind;
	request->name_count = argc - optind;
	return EXIT_DONE;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int run_command(int argc, char **argv)
{
	struct request request = {
		.command = command_find(argv[0]),
		.placement = PLACEMENT_SAME_CPU,
		.options = {.fresh_image = true,
			    .plan = {.target_relative = 0.005,
				     .confidence = 0.95,
				     .samples_min = 30,
				     .samples_max = 3000,
				     .budget_ns = 3e9}},
	};

	if (request.command == NULL) {
		const char *suggestion = command_suggest(argv[0]);
		if (suggestion == NULL)
			return usage_error("unknown command %s", argv[0]);
		return usage_error("unknown command %s, did you mean %s?", argv[0], suggestion);
	}
	if (asks_for_help(argc, argv))
		return print_command_help(request.command);
	int error = parse_options(argc, argv, &request);
	if (error != 0)
		return error;
	error = request.command->function(&request);
	(void)fflush(NULL);
	(void)raise(session_interrupted()); /* if it is one: a script that called this ends, too */
	return error;
}

int main(int argc, char **argv)
{
	session_child_main(argc, argv);
	command_open_streams();
	if (argc < 2)
		return usage_error("no command");
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("kbench %s\n", report_version());
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help();
	if (strcmp(argv[1], "help") != 0)
		return run_command(argc - 1, argv + 1);
	if (argc == 2)
		return print_help();
	const struct command *command = command_find(argv[2]);
	return command == NULL ? usage_error("unknown command %s", argv[2])
			       : print_command_help(command);
}
