// SPDX-License-Identifier: GPL-2.0-or-later
#include "monitor.h"

#include "board.h"
#include "complain.h"
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64, EXIT_NOT_RUN = 127 };

static const char *const step_names[] = {
	[MONITOR_SETUP] = "setup",
	[MONITOR_BEGIN] = "begin",
	[MONITOR_HALT] = "halt",
	[MONITOR_REPORT] = "report",
};

/* TOOL STEP USERS and the words of the argument string. Its standard output goes to standard
 * error: ours is the report's. */
static _Noreturn void become_tool(const struct monitor *monitor, pid_t parent)
{
	char *words = strdup(monitor->arguments);
	char *tool = strdup(monitor->tool);
	char *step = strdup(step_names[monitor->step]);
	char users[24];
	char *arguments[ARGUMENTS_MAX] = {tool, step, users};
	char *rest = NULL;
	size_t count = 3;
	sigset_t none;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || words == NULL || tool == NULL || step == NULL)
		_exit(EXIT_NOT_RUN);
	(void)snprintf(users, sizeof(users), "%zu", monitor->users);
	for (char *word = strtok_r(words, " \t", &rest); word != NULL && count < ARGUMENTS_MAX - 1;
	     word = strtok_r(NULL, " \t", &rest))
		arguments[count++] = word;
	int null_fd = open("/dev/null", O_RDONLY);
	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	(void)signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvp(tool, arguments);
	(void)dprintf(STDERR_FILENO, "reaim: monitor %s: %s\n", tool, strerror(errno));
	_exit(EXIT_NOT_RUN);
}

static int launch(struct monitor *monitor, enum monitor_step step)
{
	pid_t parent = getpid();

	monitor->step = step;
	monitor->pid = fork();
	if (monitor->pid == 0)
		become_tool(monitor, parent);
	if (monitor->pid < 0) {
		monitor->pid = 0;
		return complain(EXIT_FAILED, "monitor %s %s: fork: %s", monitor->tool,
				step_names[step], strerror(errno));
	}
	(void)setpgid(monitor->pid, monitor->pid);
	monitor->deadline_ns = monotonic_ns() + (uint64_t)monitor->timeout_s * 1000000000u;
	return EXIT_DONE;
}

int monitor_start(struct monitor *monitor, enum monitor_step step)
{
	if (monitor->tool == NULL)
		return EXIT_DONE;
	if (monitor->pid != 0) {
		monitor->is_halt_due = step == MONITOR_HALT;
		return EXIT_DONE;
	}
	return launch(monitor, step);
}

int monitor_ended(struct monitor *monitor, int wait_status)
{
	const char *step = step_names[monitor->step];

	monitor->pid = 0;
	if (WIFSIGNALED(wait_status))
		return complain(EXIT_FAILED, "monitor %s %s %zu was killed by signal %d (%s)",
				monitor->tool, step, monitor->users, WTERMSIG(wait_status),
				strsignal(WTERMSIG(wait_status)));
	if (WEXITSTATUS(wait_status) != 0)
		return complain(EXIT_FAILED, "monitor %s %s %zu exited with status %d%s",
				monitor->tool, step, monitor->users, WEXITSTATUS(wait_status),
				WEXITSTATUS(wait_status) == EXIT_NOT_RUN ? ": it cannot be run"
									 : "");
	if (!monitor->is_halt_due)
		return EXIT_DONE;
	monitor->is_halt_due = false;
	return launch(monitor, MONITOR_HALT);
}

void monitor_kill(struct monitor *monitor)
{
	monitor->is_halt_due = false;
	if (monitor->pid == 0)
		return;
	(void)kill(-monitor->pid, SIGKILL);
	(void)kill(monitor->pid, SIGKILL);
	(void)reap(monitor->pid);
	monitor->pid = 0;
}

int monitor_expire(struct monitor *monitor)
{
	monitor_kill(monitor);
	return complain(
		EXIT_FAILED, "monitor %s %s %zu did not end within %ld s (see --monitor-timeout)",
		monitor->tool, step_names[monitor->step], monitor->users, monitor->timeout_s);
}

uint64_t monitor_deadline_ns(const struct monitor *monitor)
{
	return monitor->pid == 0 ? UINT64_MAX : monitor->deadline_ns;
}

int monitor_finish(struct monitor *monitor)
{
	int status = EXIT_DONE;

	while (monitor->pid != 0) {
		enum event event = event_wait(-1, monitor->deadline_ns);
		if (event == EVENT_TIMEOUT)
			return monitor_expire(monitor);
		if (event == EVENT_INTERRUPT) {
			monitor_kill(monitor);
			return complain(EXIT_FAILED, "interrupted by signal %d", event_interrupt());
		}
		for (pid_t pid = crew_next_ended(); pid != 0; pid = crew_next_ended()) {
			bool is_ours = pid == monitor->pid;
			int wait_status = reap(pid);
			if (is_ours && monitor_ended(monitor, wait_status) != EXIT_DONE)
				status = EXIT_FAILED;
		}
	}
	return status;
}

int monitor_call(struct monitor *monitor, enum monitor_step step, size_t users)
{
	if (monitor->tool == NULL)
		return EXIT_DONE;
	monitor->users = users;
	int status = launch(monitor, step);
	return status == EXIT_DONE ? monitor_finish(monitor) : status;
}
