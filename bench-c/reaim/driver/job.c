// SPDX-License-Identifier: GPL-2.0-or-later
#include "job.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct user user_of(const struct surroundings *around, size_t number)
{
	struct user user = {
		.around = around,
		.number = number,
		.random = random_stream(around->settings->seed, number, RANDOM_OPERATION),
	};

	user.turn = (size_t)random_below(&user.random, around->scratch->count);
	return user;
}

static void take_turn(struct reaim_job *job)
{
	job->directory = job->user->turn;
	job->user->turn = (job->user->turn + 1) % job->user->around->scratch->count;
}

/* An operation that fails without a word still names itself. */
static int judged(struct reaim_job *job, const char *where, int status)
{
	if (status == REAIM_OK)
		return REAIM_OK;
	if (status != REAIM_SKIP)
		status = REAIM_ERROR;
	if (job->reason[0] == '\0')
		(void)snprintf(job->reason, sizeof(job->reason), "%s gave no reason", where);
	return status;
}

int job_set_up(struct reaim_job *job, const struct reaim_op *op, struct user *user, size_t number)
{
	*job = (struct reaim_job){.op = op, .user = user, .number = number};
	if (op->data_size > 0) {
		job->data = calloc(1, op->data_size);
		if (job->data == NULL)
			return reaim_fail(job, "no memory: %m");
	}
	if (op->kind == REAIM_DISK)
		take_turn(job);
	else
		job->directory = user->turn;
	int status = op->setup == NULL ? REAIM_OK : op->setup(job);
	job->is_set_up = true;
	return judged(job, "setup", status);
}

int job_run(struct reaim_job *job)
{
	const struct reaim_op *op = job->op;

	job->did = 0;
	if (op->kind == REAIM_DISK)
		take_turn(job);
	int status = op->run(job);
	if (status != REAIM_OK)
		return judged(job, "run", status);
	if (op->work_per_job != 0 && job->did != op->work_per_job) {
		errno = 0;
		return reaim_fail(job, "did %" PRIu64 " of %" PRIu64 " in one job", job->did,
				  op->work_per_job);
	}
	return REAIM_OK;
}

void job_tear_down(struct reaim_job *job)
{
	if (job->is_set_up && job->op->teardown != NULL)
		job->op->teardown(job);
	job->is_set_up = false;
	free(job->data);
	job->data = NULL;
}

void *reaim_data(struct reaim_job *job)
{
	return job->data;
}

/* Of a text that is too long the middle goes: its end is the error's name, its middle a path. */
static void shorten(char reason[REASON_SIZE], const char *text)
{
	static const char gap[] = " ... ";
	size_t size = strlen(text) + 1;
	size_t head = REASON_SIZE / 2;
	size_t tail = REASON_SIZE - head - strlen(gap);

	if (size <= REASON_SIZE) {
		memcpy(reason, text, size);
		return;
	}
	memcpy(reason, text, head);
	memcpy(reason + head, gap, strlen(gap));
	memcpy(reason + REASON_SIZE - tail, text + size - tail, tail);
}

__attribute__((format(printf, 2, 0))) static void explain(struct reaim_job *job, const char *format,
							  va_list arguments)
{
	char text[4 * SCRATCH_PATH_SIZE];

	if (job->reason[0] != '\0')
		return;
	job->error_number = strstr(format, "%m") != NULL ? errno : 0;
	(void)vsnprintf(text, sizeof(text), format, arguments);
	shorten(job->reason, text);
}

int reaim_fail(struct reaim_job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(job, format, arguments);
	va_end(arguments);
	return REAIM_ERROR;
}

int reaim_skip(struct reaim_job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(job, format, arguments);
	va_end(arguments);
	return REAIM_SKIP;
}

void reaim_did(struct reaim_job *job, uint64_t amount)
{
	job->did += amount;
}

uint64_t reaim_random(struct reaim_job *job)
{
	return random_next(&job->user->random);
}

uint64_t reaim_random_below(struct reaim_job *job, uint64_t bound)
{
	return random_below(&job->user->random, bound);
}

size_t reaim_blocks(const struct reaim_job *job)
{
	return job->user->around->blocks;
}

size_t reaim_block_bytes(const struct reaim_job *job)
{
	return (size_t)job->user->around->settings->block_bytes;
}

bool reaim_sync_wanted(const struct reaim_job *job)
{
	return !job->user->around->settings->no_sync;
}

bool reaim_compatible(const struct reaim_job *job)
{
	return job->user->around->settings->compat;
}

const char *reaim_directory(struct reaim_job *job)
{
	return job->user->around->scratch->directories[job->directory].path;
}

int reaim_path(struct reaim_job *job, const char *name, char *path, size_t size)
{
	int length = snprintf(path, size, "%s/%s.%zu.%zu", reaim_directory(job), name,
			      job->user->number, job->number);

	if (length < 0 || (size_t)length >= size) {
		errno = ENAMETOOLONG;
		return reaim_fail(job, "%s/%s: %m", reaim_directory(job), name);
	}
	return REAIM_OK;
}

const char *reaim_source_tree(const struct reaim_job *job)
{
	return job->user->around->scratch->source_tree;
}

const char *reaim_common_file(const struct reaim_job *job)
{
	const char *path = job->user->around->scratch->common_file;

	return path[0] == '\0' ? NULL : path;
}

uint64_t reaim_cache_bytes(const struct reaim_job *job)
{
	return job->user->around->cache_bytes;
}

pid_t reaim_spawn(struct reaim_job *job, int (*body)(struct reaim_job *job))
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(REAIM_ERROR);
		int status = body(job);
		if (status != REAIM_OK && job->reason[0] != '\0')
			(void)dprintf(STDERR_FILENO, "reaim: child %zu: helper of %s: %s\n",
				      job->user->number, job->op->name, job->reason);
		_exit(status);
	}
	if (pid < 0)
		(void)reaim_fail(job, "fork: %m");
	return pid;
}

int reaim_reap(struct reaim_job *job, pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return reaim_fail(job, "wait for a helper: %m");
	errno = 0;
	if (WIFSIGNALED(status))
		return reaim_fail(job, "a helper was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return reaim_fail(job, "a helper exited with status %d", WEXITSTATUS(status));
	return REAIM_OK;
}
