// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: posix_spawn() of a program that does nothing, and waitpid() for it.
 * Why: how programs should start others: the libc borrows the address space for the moment up
 * to execve(), as with vfork(). Beside lat_fork_exec it tells what fork() adds.
 * Source: posix_spawn(3); lmbench paper (USENIX 1996), process creation costs, for the family.
 */
#include "bench_process.h"

#include <spawn.h>
#include <string.h>

static int run(struct bench_state *state, uint64_t iterations)
{
	static char *no_environment[] = {NULL};
	struct bench_started *started = bench_data(state);
	struct bench_program *program = &started->program;

	for (uint64_t i = 0; i < iterations; i++) {
		size_t turn = started->children_right % BENCH_PROGRAM_TURNS;
		pid_t pid = 0;
		int error = posix_spawn(&pid, program->path, NULL, NULL, program->arguments[turn],
					no_environment);
		if (error != 0)
			return bench_fail(state, "posix_spawn %s: %s", program->path,
					  strerror(error));
		error = bench_await(state, pid, program->status[turn]);
		if (error != 0)
			return error;
		started->children_right++;
	}
	return BENCH_OK;
}

static const struct bench lat_posix_spawn = {
	.name = "lat_posix_spawn",
	.summary = "posix_spawn a program that does nothing, and wait for it",
	.doc = "Times posix_spawn() of a program without attributes, file actions or environment, and\n"
	       "waitpid() for its end. The libc makes the child with the parent's address space,\n"
	       "which is not copied, so the size of the parent does not matter; next to\n"
	       "lat_fork_exec it tells what fork() adds. link=static: a program of one page that is\n"
	       "written for the run and only exits, the least that execve() can load; link=dynamic:\n"
	       "the machine's /bin/true with its dynamic linker and libraries. Work proof: each\n"
	       "child's exit status is checked; the static program's is its number of arguments,\n"
	       "which changes from one to the next.\n"
	       "Idea: posix_spawn(3); lmbench has the fork() + execve() kind only.",
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
BENCH_REGISTER(lat_posix_spawn);
