// SPDX-License-Identifier: GPL-2.0-or-later
/* All commands, and what they have in common. */
#include "command.h"

#include "spelling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command measuring[] = {
	{
		.name = "run",
		.arguments = "NAME[:parameter=value...]...",
		.summary = "measure benchmarks",
		.help = "NAME may be a shell pattern, as in 'lat_*'. After it come parameters that\n"
			"kbench show NAME lists, and for every benchmark placement, copies and\n"
			"copy_kind (process, thread). A value may be a list, 4k,64k, or a range that\n"
			"doubles, 512..64M; several make all combinations. k, M and G are powers of\n"
			"1024. Results appear as they come.\n"
			"\n"
			"  kbench run lat_pipe:placement=same-cpu,cross-cpu\n"
			"  kbench run 'bw_*' --time-budget 1 --output before.json\n",
		.takes = TAKES_JSON | TAKES_SAMPLING | TAKES_PLACEMENT | TAKES_OUTPUT |
			 TAKES_MACHINE,
		.function = command_run,
	},
	{
		.name = "suite",
		.arguments = "[quick|micro|paper]",
		.summary = "measure a selection of benchmarks in a known time",
		.help = "Without a name: which suites there are. The time is shared by all that is left;\n"
			"a benchmark that is exact enough earlier leaves more to the others. What no\n"
			"longer fits is SKIP with that reason, never missing.\n",
		.takes = TAKES_JSON | TAKES_OUTPUT | TAKES_MACHINE | TAKES_SUITE,
		.function = command_suite,
	},
	{0},
};

static const struct command judging[] = {
	{
		.name = "report",
		.arguments = "",
		.summary = "this machine in one table, predicted and measured, in a minute",
		.help = "From a few basic figures, such as a core cycle, a kernel entry, a cache miss,\n"
			"follows what some thirty operations should cost; beside it what they do cost.\n"
			"The rows are those of system measurement courses. Rows that need another\n"
			"machine, or much time, are \"not asked\" without the options that ask for them.\n",
		.takes = TAKES_JSON | TAKES_MACHINE | TAKES_REPORT,
		.function = command_report,
	},
	{
		.name = "levels",
		.arguments = "",
		.summary =
			"caches, TLBs and memory of this machine, measured and as the kernel says",
		.help = "Sizes and latencies of all levels of the memory hierarchy, from the curve of a\n"
			"load's latency over the size that is touched, in about half a minute.\n",
		.takes = TAKES_JSON | TAKES_MACHINE,
		.function = command_levels,
	},
	{
		.name = "compare",
		.arguments = "BEFORE.json AFTER.json",
		.summary = "what two documents of kbench run say about a change",
		.help = "First what is no figure of time: another machine, kernel or clock, and counts\n"
			"per operation that changed. Then the figures, the largest change first. The\n"
			"interval is of the ratio of the medians, from order statistics, and holds for\n"
			"these two runs: it cannot tell a kernel from a boot. Exit status 1 when a file\n"
			"cannot be read or they have nothing in common, never for a change.\n",
		.takes = TAKES_JSON,
		.function = command_compare,
	},
	{
		.name = "selftest",
		.arguments = "",
		.summary = "whether the harness measures right on this machine, in half a minute",
		.help = "Measures nothing, and delays whose cost is known; runs benchmarks that lie,\n"
			"crash, hang, leak time and leave processes behind. What noise can spoil gets\n"
			"three attempts, and a later one is said. Exit status 1 when a check failed.\n",
		.takes = TAKES_JSON | TAKES_MACHINE,
		.function = command_selftest,
	},
	{0},
};

static const struct command helping[] = {
	{
		.name = "serve",
		.arguments = "ADDRESS:PORT",
		.summary = "be the other machine of the network benchmarks",
		.help = "For their parameter peer, until SIGTERM or SIGINT. The address is a number, as\n"
			"is the port; port 0 is any, and the one that was bound is printed. Nothing asks\n"
			"who connects: listen on a network of the laboratory only.\n"
			"\n"
			"  there: kbench serve 10.0.0.2:7000\n"
			"  here:  kbench run lat_tcp:peer=10.0.0.2:7000\n",
		.function = command_serve,
	},
	{0},
};

static const struct command asking[] = {
	{
		.name = "list",
		.arguments = "",
		.summary = "what there is to measure",
		.help = "With --json an array with the parameters, placements and units of each.\n",
		.takes = TAKES_JSON | TAKES_LISTING,
		.function = command_list,
	},
	{
		.name = "show",
		.arguments = "NAME",
		.summary = "what exactly a benchmark times, why, and its parameters",
		.help = "",
		.function = command_show,
	},
	{0},
};

const struct command_group command_groups[] = {
	{"measure", measuring}, {"judge", judging}, {"help others", helping}, {"ask", asking}, {0},
};

const struct command *command_find(const char *name)
{
	for (const struct command_group *group = command_groups; group->heading != NULL; group++)
		for (const struct command *at = group->commands; at->name != NULL; at++)
			if (strcmp(at->name, name) == 0)
				return at;
	return NULL;
}

const char *command_suggest(const char *name)
{
	size_t best = spelling_tolerance(name);
	const char *suggestion = NULL;

	for (const struct command_group *group = command_groups; group->heading != NULL; group++) {
		for (const struct command *at = group->commands; at->name != NULL; at++) {
			size_t distance = spelling_distance(name, at->name);
			if (distance < best) {
				best = distance;
				suggestion = at->name;
			}
		}
	}
	return suggestion;
}

int usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("kbench: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputs("; see kbench --help\n", stderr);
	va_end(arguments);
	return EXIT_USAGE;
}

int command_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("kbench: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
	return EXIT_ERROR;
}

void command_open_streams(void)
{
	int fd = 0;

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

int command_prepare(struct request *request)
{
	struct options *options = &request->options;

	if (sched_getaffinity(0, sizeof(options->allowed), &options->allowed) != 0)
		return command_error("cannot read the CPU affinity: %s", strerror(errno));
	if (CPU_COUNT(&request->cpus) > 0)
		CPU_AND(&options->allowed, &options->allowed, &request->cpus);
	if (CPU_COUNT(&options->allowed) == 0)
		return usage_error("none of the CPUs of --cpus may be used here");
	/* what is started for the benchmarks inherits it */
	if (sched_setaffinity(0, sizeof(options->allowed), &options->allowed) != 0)
		return command_error("cannot keep to the CPUs of --cpus: %s", strerror(errno));
	if (options->fresh_image && !session_can_start_anew()) {
		(void)fprintf(stderr,
			      "kbench: this program cannot be started anew here (an emulator?): "
			      "all benchmarks have the same layout, as with --same-program\n");
		options->fresh_image = false;
	}
	options->clock = clock_monotonic();
	if (clock_measure(&options->clock) != 0)
		return command_error("CLOCK_MONOTONIC does not advance");
	return EXIT_DONE;
}

/* A machine is slow for seconds and each process has a layout of its own: samples that all came
 * from one of either would make a figure that the next run does not find again. */
struct options command_options(const struct request *request)
{
	enum { USUAL_ROUNDS = 4 };
	struct options options = request->options;

	if (options.rounds == 0)
		options.rounds = USUAL_ROUNDS;
	if (options.rounds > options.plan.samples_max)
		options.rounds = (unsigned)options.plan.samples_max;
	return options;
}
