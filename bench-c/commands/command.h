/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of kbench share: the request that the options make, exit codes, messages. */
#ifndef KDYNO_COMMAND_H
#define KDYNO_COMMAND_H

#include "session.h"

enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_ALL_SKIPPED = 4 };

/* Groups of options in kbench.c; a command takes some of them. */
enum {
	TAKES_JSON = 1,	     /* --json, --text */
	TAKES_SAMPLING = 2,  /* how long and how exactly each benchmark is measured */
	TAKES_PLACEMENT = 4, /* --placement */
	TAKES_OUTPUT = 8,    /* --output */
	TAKES_MACHINE = 16,  /* where and under which conditions benchmarks run */
	TAKES_REPORT = 32,   /* --from, --peer and so on */
	TAKES_SUITE = 64,    /* --list, --time-limit */
	TAKES_LISTING = 128, /* --suite */
};

/* The command line, taken apart. */
struct request {
	const struct command *command;
	bool json;
	bool tolerates_errors;	      /* of single benchmarks, as long as some succeed */
	const char *output;	      /* a file that gets the JSON document too, or NULL */
	const char *from;	      /* a document to take figures from, or NULL */
	const char *peer;	      /* ADDRESS:PORT of another machine's kbench serve, or NULL */
	const char *remote_directory; /* on a network mount, or NULL */
	const char *suite;	      /* whose rows are to be listed, or NULL */
	bool only_list;		      /* what a suite would run */
	double time_limit_s;	      /* of a suite; 0: its own */
	double file_cache_s;	      /* to search its size; 0: not */
	enum placement placement;
	struct options options;
	cpu_set_t cpus; /* asked for; empty: all that may be used */
	char **names;	/* the words that are no options */
	int name_count;
};

struct command {
	const char *name;
	const char *arguments; /* after the name, in the usage line */
	const char *summary;
	const char *help; /* what --help adds to usage and options */
	unsigned takes;	  /* TAKES_... ored */
	int (*function)(struct request *request);
};

/* A heading and the commands under it; a command without a name ends them. */
struct command_group {
	const char *heading;
	const struct command *commands;
};
extern const struct command_group command_groups[]; /* ended by one without a heading */

const struct command *command_find(const char *name);

/* The command whose name was probably meant, or NULL. */
const char *command_suggest(const char *name);

/* Say on stderr what is wrong with the command line, or what else went wrong. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
int command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Open closed standard streams on /dev/null. The first files opened would take their numbers, and
 * messages be written into those. */
void command_open_streams(void);

/* Read the affinity and measure the clock: before anything is run. An exit code. */
int command_prepare(struct request *request);

/* For commands that measure what they were told: with as many rounds as are usual, unless told. */
struct options command_options(const struct request *request);

/* The rows of a suite, as text or JSON. An exit code. */
int suite_list_rows(const struct request *request, const char *name);

int command_list(struct request *request);
int command_show(struct request *request);
int command_run(struct request *request);
int command_suite(struct request *request);
int command_compare(struct request *request);
int command_selftest(struct request *request);
int command_report(struct request *request);
int command_levels(struct request *request);
int command_serve(struct request *request);

#endif
