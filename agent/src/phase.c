/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "phase.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "spawn.h"
#include "stop.h"
#include "tree.h"

#define READ_BYTES	65536
#define DRAIN_READS_MAX 64    /* more than any pipe holds */
#define KILL_REPEAT_MS	50    /* between two passes over what will not go */
#define KILL_GIVE_UP_MS 10000 /* a process asleep in the kernel cannot be killed */

enum stage {
	STAGE_RUNNING,
	STAGE_TERMINATING, /* TERM was sent, the grace runs */
	STAGE_KILLING,
};

struct runner {
	const struct job_phase *phase;
	struct phase_report *report;
	struct spawned child;
	bool leader_ended;
	bool tree_ended;
	bool judged; /* the outcome is fixed, whatever the exit status will be */
	enum stage stage;
	int64_t deadline_ms; /* when the next stage begins */
	int64_t give_up_ms;
	int64_t started_ms;
};

static int child_signal_fd = -1;

const char *phase_outcome_name(enum phase_outcome outcome)
{
	static const char *const names[] = {
		[PHASE_DONE] = "done",
		[PHASE_ERROR] = "error",
		[PHASE_TIMEOUT] = "timeout",
		[PHASE_OUTPUT_LIMIT] = "output_limit",
	};

	return names[outcome];
}

int phase_init(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0 || tree_adopt_orphans() != 0)
		return -1;
	child_signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return child_signal_fd < 0 ? -1 : 0;
}

static void judge(struct runner *runner, enum phase_outcome outcome, const char *reason)
{
	if (runner->judged)
		return;
	runner->judged = true;
	runner->report->outcome = outcome;
	snprintf(runner->report->reason, sizeof(runner->report->reason), "%s", reason);
}

static void begin_killing(struct runner *runner)
{
	int64_t now_ms = clock_monotonic_ms();

	if (runner->stage == STAGE_KILLING)
		return;
	runner->stage = STAGE_KILLING;
	runner->give_up_ms = now_ms + KILL_GIVE_UP_MS;
	runner->deadline_ms = now_ms;
}

static void begin_terminating(struct runner *runner)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "still running after %d s", runner->phase->timeout_s);
	judge(runner, PHASE_TIMEOUT, reason);
	tree_terminate();
	runner->stage = STAGE_TERMINATING;
	runner->deadline_ms = clock_monotonic_ms() + (int64_t)runner->phase->term_grace_s * 1000;
}

static void keep_output(struct runner *runner, const char *bytes, size_t count)
{
	char reason[64];

	if (runner->report->outcome == PHASE_OUTPUT_LIMIT && runner->judged)
		return;
	if (buffer_add(&runner->report->output, bytes, count) == 0)
		return;
	if (runner->report->output.length + count <= runner->phase->output_limit_bytes)
		judge(runner, PHASE_ERROR, "no memory to keep its output");
	snprintf(reason, sizeof(reason), "more than %zu bytes on stdout",
		 runner->phase->output_limit_bytes);
	judge(runner, PHASE_OUTPUT_LIMIT, reason);
	begin_killing(runner);
}

static void keep_stderr(struct phase_report *report, const char *bytes, size_t count)
{
	size_t kept = strlen(report->stderr_tail);

	if (count >= PHASE_STDERR_MAX) {
		bytes += count - PHASE_STDERR_MAX;
		count = PHASE_STDERR_MAX;
	}
	if (kept + count > PHASE_STDERR_MAX) {
		size_t dropped = kept + count - PHASE_STDERR_MAX;

		kept -= dropped;
		memmove(report->stderr_tail, report->stderr_tail + dropped, kept);
	}
	for (size_t i = 0; i < count; i++)
		report->stderr_tail[kept + i] = bytes[i] != '\0' ? bytes[i] : '?';
	report->stderr_tail[kept + count] = '\0';
}

/* One read. Returns false when there is nothing more to read now; closes the pipe at its end. */
static bool read_pipe(struct runner *runner, int *fd)
{
	static char bytes[READ_BYTES];
	ssize_t got = read(*fd, bytes, sizeof(bytes));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		close(*fd);
		*fd = -1;
		return false;
	}
	if (fd == &runner->child.output_fd)
		keep_output(runner, bytes, (size_t)got);
	else
		keep_stderr(runner->report, bytes, (size_t)got);
	return true;
}

static void drain_pipe(struct runner *runner, int *fd)
{
	for (int i = 0; i < DRAIN_READS_MAX && *fd >= 0; i++)
		if (!read_pipe(runner, fd))
			break;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void leader_ended(struct runner *runner, int status)
{
	struct phase_report *report = runner->report;
	char reason[128];

	runner->leader_ended = true;
	report->duration_ms = clock_monotonic_ms() - runner->started_ms;
	if (WIFEXITED(status)) {
		report->exit_code = WEXITSTATUS(status);
		snprintf(reason, sizeof(reason), "exit status %d", report->exit_code);
	} else {
		report->signal = WTERMSIG(status);
		snprintf(reason, sizeof(reason), "ended by signal %d (%s)", report->signal,
			 strsignal(report->signal));
	}
	if (status != 0)
		judge(runner, PHASE_ERROR, reason);
}

/* Reaps what has ended: the leader, and the orphans this process adopted. */
static void reap(struct runner *runner)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(child_signal_fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == runner->child.pid)
			leader_ended(runner, status);
	if (pid < 0 && errno == ECHILD)
		runner->tree_ended = true;
	else if (runner->leader_ended)
		begin_killing(runner); /* a phase leaves nothing behind */
}

static void deadline_passed(struct runner *runner)
{
	switch (runner->stage) {
	case STAGE_RUNNING:
		begin_terminating(runner);
		break;
	case STAGE_TERMINATING:
		begin_killing(runner);
		break;
	case STAGE_KILLING:
		tree_kill();
		runner->deadline_ms = clock_monotonic_ms() + KILL_REPEAT_MS;
		break;
	}
}

static bool gave_up(const struct runner *runner)
{
	return runner->stage == STAGE_KILLING && clock_monotonic_ms() >= runner->give_up_ms;
}

static void wait_for_something(struct runner *runner)
{
	bool stopping = runner->stage == STAGE_KILLING;
	struct pollfd waited[] = {
		{.fd = child_signal_fd, .events = POLLIN},
		{.fd = runner->child.output_fd, .events = POLLIN},
		{.fd = runner->child.error_fd, .events = POLLIN},
		{.fd = stopping ? -1 : stop_fd(), .events = POLLIN},
	};
	int64_t left_ms = runner->deadline_ms - clock_monotonic_ms();

	if (poll(waited, sizeof(waited) / sizeof(waited[0]), left_ms > 0 ? (int)left_ms : 0) <= 0)
		return;
	if (waited[1].revents != 0)
		read_pipe(runner, &runner->child.output_fd);
	if (waited[2].revents != 0)
		read_pipe(runner, &runner->child.error_fd);
	if (waited[3].revents != 0 && stop_requested()) {
		judge(runner, PHASE_ERROR, "the agent was told to stop");
		begin_killing(runner);
	}
}

static void supervise(struct runner *runner)
{
	for (;;) {
		reap(runner);
		if (runner->tree_ended)
			break;
		if (gave_up(runner)) {
			runner->report->tree_left = true;
			judge(runner, PHASE_ERROR, "some of its processes could not be killed");
			break;
		}
		if (clock_monotonic_ms() >= runner->deadline_ms)
			deadline_passed(runner);
		wait_for_something(runner);
	}
}

void phase_run(const struct job_phase *phase, struct phase_report *report)
{
	struct runner runner = {.phase = phase, .report = report};
	int failure;

	memset(report, 0, sizeof(*report));
	report->exit_code = -1;
	report->output.limit = phase->output_limit_bytes;
	runner.started_ms = clock_monotonic_ms();
	runner.deadline_ms = runner.started_ms + (int64_t)phase->timeout_s * 1000;
	failure = spawn(phase, &runner.child);
	if (failure != 0) {
		report->outcome = PHASE_ERROR;
		snprintf(report->reason, sizeof(report->reason), "cannot start %.160s: %s",
			 phase->argv[0], strerror(failure));
		return;
	}
	supervise(&runner);
	drain_pipe(&runner, &runner.child.output_fd);
	drain_pipe(&runner, &runner.child.error_fd);
	if (!runner.leader_ended)
		report->duration_ms = clock_monotonic_ms() - runner.started_ms;
}

void phase_report_free(struct phase_report *report)
{
	buffer_free(&report->output);
}
