// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fork(), execve() in the child of a program that does nothing, and waitpid() for it.
 * Why: starting a program the classic way: a copy of the address space that is thrown away at
 * once, a file that is mapped, a new address space with its page faults, its end.
 * Source: lmbench paper (USENIX 1996), process creation costs; fork(2), execve(2).
 */
#include "bench_process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { EXEC_FAILED = 127 };

static int run(struct bench_state *state, uint64_t iterations)
{
	static char *no_environment[] = {NULL};
	struct bench_started *started = bench_data(state);
	struct bench_program *program = &started->program;

	for (uint64_t i = 0; i < iterations; i++) {
		size_t turn = started->children_right % BENCH_PROGRAM_TURNS;
		pid_t pid = fork();
		if (pid == 0) {
			(void)execve(program->path, program->arguments[turn], no_environment);
			_exit(EXEC_FAILED);
		}
		if (pid < 0)
			return bench_fail(state, "fork: %s", strerror(errno));
		int error = bench_await(state, pid, program->status[turn]);
		if (error != 0)
			return error;
		started->children_right++;
	}
	return BENCH_OK;
}

static const struct bench lat_fork_exec = {
	.name = "lat_fork_exec",
	.summary = "fork a child that executes a program that does nothing, and wait for it",
	.doc = "Times fork(), execve() in the child with an empty environment, and waitpid() for the\n"
	       "end of the program. link=static: a program of one page that is written for the run\n"
	       "and only exits, the least that execve() can load, so that the kernel's part is all\n"
	       "there is; link=dynamic: the machine's /bin/true, with the dynamic linker's work and\n"
	       "page faults in user space. Work proof: each child's exit status is checked; the\n"
	       "static program's is its number of arguments, which changes from one to the next, and\n"
	       "on one CPU the kernel must have switched to the child and back.\n"
	       "Idea: lmbench paper, process creation costs; there the program prints a line and is\n"
	       "linked as the compiler likes, which makes the figure one of the libc as well.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = bench_started_parameters,
	.data_size = sizeof(struct bench_started),
	.setup = bench_started_setup,
	.run = run,
	.work = bench_started_work,
};
BENCH_REGISTER(lat_fork_exec);
