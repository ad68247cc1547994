// SPDX-License-Identifier: GPL-2.0-or-later
/* The watchdog: a benchmark runs in a process group that is killed when its time is over. */
#include "session.h"

#include "random.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PADDING_MAX = 4096, PADDING_STEP = 16 };

/* What comes to the new program with its name. */
static char child_option[] = "--as-child-with-result";
static const char padding_variable[] = "KBENCH_PADDING=";

static void prepare_child(const struct result *result, pid_t parent)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, result->spec.bench->name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(BENCH_ERROR);
}

/* Environment and arguments lie above the stack and shift it: a bias of several per cent in some
 * programs (Mytkowicz and others, "Producing wrong data without doing anything obviously wrong!",
 * ASPLOS 2009). */
static size_t padding_of(const struct result *result)
{
	uint64_t value = result->options.seed;

	if (value == 0)
		return 0;
	value = random_of(value + result->round_count);
	for (const char *c = result->bench_name; *c != '\0'; c++)
		value = random_of(value ^ (unsigned char)*c);
	return (size_t)(value % (PADDING_MAX / PADDING_STEP)) * PADDING_STEP;
}

static void become_new_program(struct result *result)
{
	static char padding[sizeof(padding_variable) + PADDING_MAX];
	size_t bytes = padding_of(result);
	size_t variables = 0;
	char descriptor[16];

	result->rounds[result->round_count].environment_bytes = bytes;
	memcpy(padding, padding_variable, sizeof(padding_variable));
	memset(padding + sizeof(padding_variable) - 1, 'x', bytes);
	while (environ[variables] != NULL)
		variables++;
	char **environment = calloc(variables + 2, sizeof(*environment));
	if (environment == NULL || fcntl(result->shared_fd, F_SETFD, 0) != 0)
		_exit(BENCH_ERROR);
	memcpy(environment, environ, variables * sizeof(*environment));
	environment[variables] = padding;
	(void)snprintf(descriptor, sizeof(descriptor), "%d", result->shared_fd);
	char *arguments[] = {result->bench_name, child_option, descriptor, NULL};
	(void)execve("/proc/self/exe", arguments, environment);
	result_explain(result, "cannot start this program anew: %s", strerror(errno));
	_exit(BENCH_ERROR);
}

void session_child_main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], child_option) != 0)
		return;
	int fd = atoi(argv[2]);
	struct result *result = result_from(fd);
	if (result == NULL)
		_exit(BENCH_ERROR);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)prctl(PR_SET_NAME, result->bench_name);
	/* a function's address is this process's own business */
	result->options.clock.now_ns = clock_monotonic().now_ns;
	result->options.clock.context = NULL;
	const struct options options = result->options;
	(void)session_run(result, &options);
	_exit(0); /* the status travels in result; anything else than 0 is a crash */
}

static void run_as_child(struct result *result, pid_t parent, const sigset_t *mask)
{
	prepare_child(result, parent);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	if (result->options.fresh_image)
		become_new_program(result);
	const struct options options = result->options;
	(void)session_run(result, &options);
	_exit(0);
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

/* One that is cut short is no error: it might have ended in time. */
static int supervise(struct result *result, pid_t pid, double limit_s, bool is_cut,
		     const sigset_t *chld)
{
	bool ended = ended_within(pid, limit_s, chld);
	int status = kill_and_reap(pid);

	scratch_remove(result);

	if (!ended && is_cut) {
		result_explain(result, "its share of the time for all benchmarks was over");
		return result_end(result, STATUS_SKIP);
	}
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
	const struct bench *bench = result->spec.bench;
	double limit_s = options->plan.budget_ns * 1e-9 + (double)registry_timeout_s(bench);
	bool is_cut = options->limit_s > 0 && options->limit_s < limit_s;
	pid_t parent = getpid();
	sigset_t chld;
	sigset_t mask;

	result->options = *options;
	(void)signal(SIGCHLD, SIG_DFL); /* ignored by some callers, and then nothing to wait for */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &chld, &mask);
	pid_t pid = fork();
	if (pid == 0)
		run_as_child(result, parent, &mask);
	if (pid < 0) {
		result_explain(result, "fork: %s", strerror(errno));
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		return result_end(result, STATUS_ERROR);
	}
	(void)setpgid(pid, pid);
	int status = supervise(result, pid, is_cut ? options->limit_s : limit_s, is_cut, &chld);
	result->spec.bench = bench; /* the other process has put its own pointers there */
	result_attach(result);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}
