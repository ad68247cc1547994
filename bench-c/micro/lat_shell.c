// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fork(), execve() in the child of `/bin/sh -c PROGRAM`, and waitpid() for it.
 * Why: what system() and popen() cost: besides the process, the start of a real, mostly
 * dynamically linked program that opens files and reads its command.
 * Source: lmbench paper (USENIX 1996), process creation costs, "fork, exec sh -c and exit".
 */
#include "bench_process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHELL "/bin/sh"

enum { EXEC_FAILED = 127, COMMAND_SIZE = BENCH_PROGRAM_PATH_SIZE + 32 };

struct data {
	struct bench_program program;
	char commands[BENCH_PROGRAM_TURNS][COMMAND_SIZE];
	uint64_t children_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (access(SHELL, X_OK) != 0)
		return bench_skip(state, "needs " SHELL);
	int error = bench_program_open(state, &data->program, BENCH_LINK_STATIC);
	for (size_t turn = 0; error == 0 && turn < BENCH_PROGRAM_TURNS; turn++) {
		int used = snprintf(data->commands[turn], COMMAND_SIZE, "'%s'", data->program.path);
		for (size_t i = 0; i < turn; i++)
			used += snprintf(data->commands[turn] + used, (size_t)(COMMAND_SIZE - used),
					 " x");
	}
	return error;
}

static void become_shell(char *command)
{
	static char *environment[] = {"PATH=/usr/bin:/bin", NULL};
	char *arguments[] = {"sh", "-c", command, NULL};

	(void)execve(SHELL, arguments, environment);
	_exit(EXEC_FAILED);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		size_t turn = data->children_right % BENCH_PROGRAM_TURNS;
		pid_t pid = fork();
		if (pid == 0)
			become_shell(data->commands[turn]);
		if (pid < 0)
			return bench_fail(state, "fork: %s", strerror(errno));
		int error = bench_await(state, pid, data->program.status[turn]);
		if (error != 0)
			return error;
		data->children_right++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->children_right;
}

static const struct bench lat_shell = {
	.name = "lat_shell",
	.summary = "fork a child that runs a program through /bin/sh -c, and wait for it",
	.doc = "Times fork(), execve() in the child of /bin/sh -c with the name of a program of one\n"
	       "page that only exits, and waitpid(). The shell is the machine's own and part of the\n"
	       "figure: compare kernels with one image, never images. Whether the shell forks once\n"
	       "more or becomes the program is its choice; dash, bash and busybox become it. Work\n"
	       "proof: each exit status is checked; it is the program's number of arguments, which\n"
	       "changes from one to the next, so shell and program both did their part.\n"
	       "Idea: lmbench paper, process creation costs; it uses a program that prints a line.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_shell);
