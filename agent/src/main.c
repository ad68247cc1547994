/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of kdyno-agent. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "log.h"
#include "phase.h"
#include "stop.h"

#define DEFAULT_PATIENCE_S 900
#define PATIENCE_MAX_S	   (7 * 24 * 3600)
#define TOKEN_MAX	   1024

const char *argp_program_version = "kdyno-agent 0.1.0";

static const char about[] =
	"Runs the phases of one kdyno job on the machine under test and reports them to the server."
	"\v"
	"The agent fetches the job document of the attempt, runs each phase under its own deadline "
	"in a process tree that it can kill as a whole, and sends events and results as JSON. What "
	"it has to report is on the disk, in the spool directory, before it is sent: an agent that "
	"is started again with the same spool sends what is missing and runs no phase twice.\n"
	"\n"
	"Exit status:\n"
	"  0  the server has acknowledged everything, whatever the job's outcome\n"
	"  1  the server refuses: wrong token, attempt unknown or closed\n"
	"  2  wrong usage\n"
	"  3  the server stayed away; unsent events wait in the spool\n"
	"  4  ended by SIGTERM or SIGINT; what could not be sent waits in the spool\n"
	"  5  trouble on this machine, such as a full disk\n";

enum {
	OPTION_SERVER = 's',
	OPTION_ATTEMPT = 'a',
	OPTION_TOKEN_FILE = 't',
	OPTION_SPOOL = 'd',
	OPTION_PATIENCE = 'p',
	OPTION_ONCE = 'o',
};

static const struct argp_option option_list[] = {
	{"server", OPTION_SERVER, "URL", 0, "Where the kdyno server is, such as http://10.0.2.100",
	 0},
	{"attempt", OPTION_ATTEMPT, "N", 0, "The attempt to carry out", 0},
	{"token-file", OPTION_TOKEN_FILE, "PATH", 0,
	 "File with the token of the attempt (a token on the command line could be read by anyone)",
	 0},
	{"spool", OPTION_SPOOL, "DIR", 0, "Directory for the journal; made if missing", 0},
	{"patience", OPTION_PATIENCE, "SECONDS", 0,
	 "How long to wait for a server that is away (default 900)", 0},
	{"once", OPTION_ONCE, NULL, 0,
	 "Try each request once: neither wait for the job nor for an absent server", 0},
	{0},
};

struct arguments {
	struct attempt_options attempt;
	const char *token_file;
};

static int64_t parse_number(const char *text, int64_t low, int64_t high, const char *option,
			    struct argp_state *state)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
		argp_error(state, "%s: a number from %lld to %lld is required, not \"%s\"", option,
			   (long long)low, (long long)high, text);
	return value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_SERVER:
		arguments->attempt.server_url = argument;
		return 0;
	case OPTION_ATTEMPT:
		arguments->attempt.attempt_id =
			parse_number(argument, 1, INT64_MAX, "--attempt", state);
		return 0;
	case OPTION_TOKEN_FILE:
		arguments->token_file = argument;
		return 0;
	case OPTION_SPOOL:
		arguments->attempt.spool_directory = argument;
		return 0;
	case OPTION_PATIENCE:
		arguments->attempt.patience_ms =
			1000 * parse_number(argument, 0, PATIENCE_MAX_S, "--patience", state);
		return 0;
	case OPTION_ONCE:
		arguments->attempt.once = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", argument);
		return 0;
	case ARGP_KEY_END:
		if (arguments->attempt.server_url == NULL || arguments->attempt.attempt_id == 0 ||
		    arguments->token_file == NULL || arguments->attempt.spool_directory == NULL)
			argp_error(state,
				   "--server, --attempt, --token-file and --spool are required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Reads the token, without white space at its end. Returns 0, or -1 with a line in the log. */
static int read_token(const char *path, char *token, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, token, size - 1) : -1;

	if (got < 0)
		log_line("cannot read the token from %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return -1;
	while (got > 0 && (token[got - 1] == '\n' || token[got - 1] == '\r'))
		got--;
	token[got] = '\0';
	for (ssize_t i = 0; i < got; i++) {
		if (token[i] <= ' ' || token[i] > '~') {
			log_line("%s holds more than a token", path);
			return -1;
		}
	}
	if (got == 0 || (size_t)got == size - 1) {
		log_line("%s holds no token of 1 to %zu characters", path, size - 2);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_list, .parser = parse_option, .doc = about};
	struct arguments arguments = {
		.attempt = {.patience_ms = (int64_t)DEFAULT_PATIENCE_S * 1000}};
	char token[TOKEN_MAX + 2];

	argp_err_exit_status = ATTEMPT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
		return ATTEMPT_USAGE;
	if (read_token(arguments.token_file, token, sizeof(token)) != 0)
		return ATTEMPT_USAGE;
	arguments.attempt.token = token;
	if (stop_init() != 0 || phase_init() != 0) {
		log_line("cannot set up signals: %s", strerror(errno));
		return ATTEMPT_BROKEN;
	}
	return (int)attempt_carry_out(&arguments.attempt);
}
