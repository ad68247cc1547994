// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork_test and exec_test: life and death of processes. The program loaded is this one: it is
 * static and always there, and needs nothing of /bin. A constructor ends it before main() when
 * a variable in its environment says so.
 * Source: fork(2), execve(2), proc(5) on /proc/self/exe.
 */
#include "reaim_op.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FORKS = 100,
	LOADS = 5,
	FIRST_STATUS = 150, /* above every errno, so that a status tells one from the other */
	LAST_STATUS = 255,
};

#define STATUS_VARIABLE "KDYNO_REAIM_EXIT_STATUS"

/* The whole life of a process that exec_test loads: it ends with the status it was told. */
static __attribute__((constructor)) void end_if_loaded_by_exec_test(void)
{
	const char *status = getenv(STATUS_VARIABLE);

	if (status != NULL)
		_exit((int)strtol(status, NULL, 10));
}

/* Waits for a child that must end with a number that only it was given. */
static int wait_for(struct reaim_job *job, pid_t pid, int expected)
{
	int status = 0;
	pid_t reaped;

	do
		reaped = waitpid(pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	if (reaped != pid)
		return reaim_fail(job, "waitpid: %m");
	if (!WIFEXITED(status))
		return reaim_fail(job, "the child ended with wait status %#x", (unsigned)status);
	if (WEXITSTATUS(status) != expected)
		return reaim_fail(job, "the child ended with status %d instead of %d (%s)",
				  WEXITSTATUS(status), expected, strerror(WEXITSTATUS(status)));
	reaim_did(job, 1);
	return REAIM_OK;
}

static int fork_run(struct reaim_job *job)
{
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return reaim_fail(job, "fork: %m");
		if (pid == 0)
			_exit(FIRST_STATUS + i);
		if (wait_for(job, pid, FIRST_STATUS + i) != REAIM_OK)
			return REAIM_ERROR;
	}
	return REAIM_OK;
}

static _Noreturn void load(int status)
{
	char name[] = "reaim", variable[sizeof(STATUS_VARIABLE "=") + 11];
	char *arguments[] = {name, NULL}, *environment[] = {variable, NULL};

	(void)snprintf(variable, sizeof(variable), STATUS_VARIABLE "=%d", status);
	(void)execve("/proc/self/exe", arguments, environment);
	_exit(errno);
}

static int exec_run(struct reaim_job *job)
{
	for (int i = 0; i < LOADS; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return reaim_fail(job, "fork: %m");
		if (pid == 0)
			load(LAST_STATUS - i);
		if (wait_for(job, pid, LAST_STATUS - i) != REAIM_OK)
			return REAIM_ERROR;
	}
	return REAIM_OK;
}

static const struct reaim_op fork_test = {
	.name = "fork_test",
	.unit = "Task Creations",
	.doc = "Forks a child that ends at once and waits for it, 100 times. Each child must end with "
	       "the number that it was given.",
	.operations = FORKS,
	.work_per_job = FORKS,
	.run = fork_run,
};
REAIM_REGISTER(fork_test);

static const struct reaim_op exec_test = {
	.name = "exec_test",
	.unit = "Program Loads",
	.doc = "Forks a child that loads a program, this one again through /proc/self/exe, which ends "
	       "before main() with the number in its environment; five times.",
	.operations = LOADS,
	.work_per_job = LOADS,
	.run = exec_run,
};
REAIM_REGISTER(exec_test);
