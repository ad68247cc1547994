// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shell_rtns_1..3: real scripts of clearly different length, run by /bin/sh. They are the files
 * in scripts/, built in, and use the shell alone, no program of /bin: what such a program does
 * belongs to the image, not to the kernel. Directory, environment and PATH are the operation's.
 */
#include "reaim_op.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 256, RELEASED_SLEEP_S = 5 };

#define SHELL "/bin/sh"

/* A file as a string constant, with a zero byte behind it. Paths are from bench-c/. */
#define SCRIPT(name_)                                                                              \
	__asm__(".pushsection .rodata\n" #name_ "_script: .incbin \"reaim/scripts/" #name_         \
		".sh\"\n.byte 0\n.popsection");                                                    \
	extern const char name_##_script[]

SCRIPT(shell_rtns_1);
SCRIPT(shell_rtns_2);
SCRIPT(shell_rtns_3);

struct shell {
	char directory[PATH_MAX];
	const char *script;
	int output[2];
};

static int setup(struct reaim_job *job)
{
	struct shell *shell = reaim_data(job);
	int status = reaim_path(job, "shell", shell->directory, sizeof(shell->directory));

	if (status == REAIM_OK && access(SHELL, X_OK) != 0)
		status = reaim_skip(job, SHELL ": %m: this image has no shell");
	if (status == REAIM_OK && mkdir(shell->directory, 0700) != 0)
		status = reaim_fail(job, "mkdir %s: %m", shell->directory);
	return status;
}

/* Scripts leave files of their own, and a script that was cut short leaves any of them. */
static void teardown(struct reaim_job *job)
{
	const struct shell *shell = reaim_data(job);
	DIR *stream = opendir(shell->directory);

	if (stream == NULL)
		return;
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream))
		(void)unlinkat(dirfd(stream), entry->d_name, 0);
	(void)closedir(stream);
	(void)rmdir(shell->directory);
}

static int become_shell(struct reaim_job *job)
{
	struct shell *shell = reaim_data(job);
	char name[] = "sh", option[] = "-c", script_name[] = "reaim";
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *environment[] = {path, locale, NULL};
	union {
		const char *constant;
		char *argument; /* execve(2) changes none, but takes them so */
	} script = {shell->script};
	char *arguments[] = {name, option, script.argument, script_name, shell->directory, NULL};

	if (dup2(shell->output[1], STDOUT_FILENO) < 0)
		return reaim_fail(job, "dup2: %m");
	(void)execve(SHELL, arguments, environment);
	return reaim_fail(job, "execve " SHELL ": %m");
}

/* All that the script prints, which is a line. */
static int read_output(struct reaim_job *job, int from, char *line)
{
	size_t length = 0;

	while (length < OUTPUT_BYTES - 1) {
		ssize_t count = read(from, line + length, OUTPUT_BYTES - 1 - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return reaim_fail(job, "read of the script's output: %m");
		if (count == 0)
			break;
		length += (size_t)count;
	}
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return REAIM_OK;
}

static int run_script(struct reaim_job *job, const char *script, const char *expected)
{
	struct shell *shell = reaim_data(job);
	char line[OUTPUT_BYTES] = "";
	int status;

	shell->script = script;
	if (pipe2(shell->output, O_CLOEXEC) != 0)
		return reaim_fail(job, "pipe: %m");
	pid_t pid = reaim_spawn(job, become_shell);
	(void)close(shell->output[1]);
	status = pid < 0 ? REAIM_ERROR : read_output(job, shell->output[0], line);
	(void)close(shell->output[0]);
	if (pid > 0 && reaim_reap(job, pid) != REAIM_OK)
		status = REAIM_ERROR;
	if (status == REAIM_OK && strcmp(line, expected) != 0)
		status =
			reaim_fail(job, "the script said \"%s\" instead of \"%s\"", line, expected);
	if (status == REAIM_OK)
		reaim_did(job, 1);
	return status;
}

static int shell_rtns_1_run(struct reaim_job *job)
{
	return run_script(job, shell_rtns_1_script, "shell_rtns_1 5050");
}

static int sleep_as_released(struct reaim_job *job)
{
	struct timespec left = {.tv_sec = RELEASED_SLEEP_S};

	while (nanosleep(&left, &left) != 0)
		if (errno != EINTR)
			return reaim_fail(job, "nanosleep: %m");
	return REAIM_OK;
}

static int shell_rtns_2_run(struct reaim_job *job)
{
	int status = run_script(job, shell_rtns_2_script, "shell_rtns_2 20 20 385");

	if (status == REAIM_OK && reaim_compatible(job))
		status = sleep_as_released(job);
	return status;
}

static int shell_rtns_3_run(struct reaim_job *job)
{
	return run_script(job, shell_rtns_3_script, "shell_rtns_3 1804920 1804920 36");
}

#define SHELL_OP(name_, what_)                                                                     \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = "Shell Scripts",                                                           \
		.doc = "Runs a script with " SHELL ": " what_ " It must end well and print sums "  \
		       "that are known.",                                                          \
		.operations = 1,                                                                   \
		.work_per_job = 1,                                                                 \
		.data_size = sizeof(struct shell),                                                 \
		.setup = setup,                                                                    \
		.run = name_##_run,                                                                \
		.teardown = teardown,                                                              \
	};                                                                                         \
	REAIM_REGISTER(name_)

SHELL_OP(shell_rtns_1, "a loop of 100 sums, the shortest of the three.");
SHELL_OP(shell_rtns_2, "200 lines through a file and a pipe, a dozen subshells. The released "
		       "program slept 5 s here, which only --compat adds.");
SHELL_OP(shell_rtns_3, "480 records by four background jobs, 960 read again through pipes "
		       "and files, eight other shells.");
