// SPDX-License-Identifier: GPL-2.0-or-later
/* The watchdog: a benchmark runs in a process group that is killed when its time is over. */
#include "session.h"

#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_DEFAULT_S = 10 };

static void run_as_child(struct result *result, const struct options *options, pid_t parent,
			 const sigset_t *mask)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, result->spec.bench->name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	if (getppid() != parent)
		_exit(BENCH_ERROR);
	(void)session_run(result, options);
	_exit(0); /* the status travels in result; anything else than 0 is a crash */
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Wait, without reaping it, until the child has ended. SIGCHLD is blocked, so one that comes
 * between the look and the sleep is not lost. */
static bool ended_within(pid_t pid, double limit_s, const sigset_t *chld)
{
	double deadline_s = seconds_now() + limit_s;

	for (;;) {
		siginfo_t info = {.si_pid = 0};
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			return true;
		double left_s = deadline_s - seconds_now();
		if (left_s <= 0)
			return false;
		struct timespec left = {.tv_sec = (time_t)left_s};
		left.tv_nsec = (long)(1e9 * (left_s - (double)left.tv_sec));
		if (sigtimedwait(chld, NULL, &left) < 0 && errno == EINVAL)
			return false;
	}
}

/* The group is killed while its leader is still a zombie: nobody else can have its number. */
static int kill_and_reap(pid_t pid)
{
	int status = 0;

	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int supervise(struct result *result, pid_t pid, double limit_s, const sigset_t *chld)
{
	bool ended = ended_within(pid, limit_s, chld);
	int status = kill_and_reap(pid);

	scratch_remove(result);

	if (!ended) {
		result_explain(result, "timed out after %.3g s", limit_s);
		return result_end(result, STATUS_ERROR);
	}
	if (WIFSIGNALED(status)) {
		result_explain(result, "the benchmark was killed by signal %d", WTERMSIG(status));
		return result_end(result, STATUS_ERROR);
	}
	if (WEXITSTATUS(status) != 0) {
		result_explain(result, "the benchmark exited with status %d", WEXITSTATUS(status));
		return result_end(result, STATUS_ERROR);
	}
	if (result->status == STATUS_ERROR)
		result_explain(result, "the benchmark ended without a result");
	return (int)result->status;
}

int session_run_isolated(struct result *result, const struct options *options)
{
	unsigned timeout_s = result->spec.bench->timeout_s;
	double limit_s = options->plan.budget_ns * 1e-9 +
			 (double)(timeout_s == 0 ? TIMEOUT_DEFAULT_S : timeout_s);
	pid_t parent = getpid();
	sigset_t chld;
	sigset_t mask;

	(void)signal(SIGCHLD, SIG_DFL); /* ignored by some callers, and then nothing to wait for */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &chld, &mask);
	pid_t pid = fork();
	if (pid == 0)
		run_as_child(result, options, parent, &mask);
	if (pid < 0) {
		result_explain(result, "fork: %s", strerror(errno));
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		return result_end(result, STATUS_ERROR);
	}
	(void)setpgid(pid, pid);
	int status = supervise(result, pid, limit_s, &chld);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}
