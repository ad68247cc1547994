// SPDX-License-Identifier: GPL-2.0-or-later
/* The watchdog: a benchmark runs in a process group that is killed when its time is over. */
#include "session.h"

#include "placement.h"
#include "random.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PADDING_MAX = 4096, PADDING_STEP = 16, NOT_STARTED = 127, TRIAL_PASSED = 77 };

/* The signal that ended a benchmark and with it all that was to come; 0: none. */
static int interrupted_by;

int session_interrupted(void)
{
	return interrupted_by;
}

/* What comes to the new program with its name. */
static char child_option[] = "--as-child-with-result";
static char trial[] = "none";
static const char padding_variable[] = "KBENCH_PADDING=";

static void prepare_child(const struct result *result, pid_t parent)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, result->spec.bench->name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(BENCH_ERROR);
}

/* The kernel keeps note of the CPUs on which an address space has run, and minds them when it makes
 * it forget translations: mprotect() took 2.66 us instead of 2.49 in a program that had begun on
 * another CPU. Whether the task can be placed at all the session finds out, and says. */
static void go_where_the_first_task_will_be(const struct result *result)
{
	cpu_set_t cpus = placement_cpus(result->spec.placement, 0, &result->options.allowed, NULL);

	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* Environment and arguments lie above the stack and shift it: a bias of several per cent in some
 * programs (Mytkowicz and others, "Producing wrong data without doing anything obviously wrong!",
 * ASPLOS 2009). */
static size_t padding_of(const struct result *result)
{
	uint64_t value = result->options.seed;

	if (value == 0)
		return 0;
	value = random_of_two(value, result->round_count);
	for (const char *c = result->bench_name; *c != '\0'; c++)
		value = random_of(value ^ (unsigned char)*c);
	return (size_t)(value % (PADDING_MAX / PADDING_STEP)) * PADDING_STEP;
}

static void become_new_program(struct result *result, int lent_fd)
{
	static char padding[sizeof(padding_variable) + PADDING_MAX];
	size_t bytes = padding_of(result);
	size_t variables = 0;
	char descriptor[16];

	memcpy(padding, padding_variable, sizeof(padding_variable));
	memset(padding + sizeof(padding_variable) - 1, 'x', bytes);
	while (environ[variables] != NULL)
		variables++;
	char **environment = calloc(variables + 2, sizeof(*environment));
	if (environment == NULL || fcntl(lent_fd, F_SETFD, 0) != 0)
		_exit(BENCH_ERROR);
	memcpy(environment, environ, variables * sizeof(*environment));
	environment[variables] = padding;
	(void)snprintf(descriptor, sizeof(descriptor), "%d", lent_fd);
	char *arguments[] = {result->bench_name, child_option, descriptor, NULL};
	(void)execve("/proc/self/exe", arguments, environment);
	_exit(NOT_STARTED);
}

static void *volatile heap_padding; /* never freed */

/* An emulator of user programs, or valgrind, is what /proc/self/exe then names. */
bool session_can_start_anew(void)
{
	char *arguments[] = {child_option, child_option, trial, NULL};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			(void)dup2(nowhere, fd);
		(void)execve("/proc/self/exe", arguments, environ);
		_exit(NOT_STARTED);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_PASSED;
}

void session_child_main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], child_option) != 0)
		return;
	if (strcmp(argv[2], trial) == 0)
		_exit(TRIAL_PASSED);
	int fd = atoi(argv[2]);
	struct result *result = result_from(fd);
	if (result == NULL)
		_exit(BENCH_ERROR);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)prctl(PR_SET_NAME, result->bench_name);
	/* the heap moves as the stack does, also without address space randomisation */
	heap_padding = malloc(result->rounds[result->round_count].environment_bytes);
	/* a function's address is this process's own business */
	result->options.clock.now_ns = clock_monotonic().now_ns;
	result->options.clock.context = NULL;
	const struct options options = result->options;
	(void)session_run(result, &options);
	_exit(0); /* the status travels in result; anything else than 0 is a crash */
}

static void run_as_child(struct result *result, int lent_fd, pid_t parent, const sigset_t *mask)
{
	prepare_child(result, parent);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	if (result->options.fresh_image) {
		go_where_the_first_task_will_be(result);
		become_new_program(result, lent_fd);
	}
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

/* A child's end, and what a user wants to stop with. The latter kill this process only after its
 * benchmark, the files of that, and a document with what there is. Signals that the caller ignores
 * stay ignored. */
static void awaited_signals(sigset_t *signals)
{
	static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		if (sigaction(stopping[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
			sigaddset(signals, stopping[i]);
}

/* Wait, without reaping it, until the child has ended. The signals are blocked, so one that comes
 * between the look and the sleep is not lost. */
static bool ended_within(pid_t pid, double limit_s, const sigset_t *awaited)
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
		int signal = sigtimedwait(awaited, NULL, &left);
		if (signal < 0 && errno == EINVAL)
			return false;
		if (signal > 0 && signal != SIGCHLD) {
			interrupted_by = signal;
			return false;
		}
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

/* What became of a benchmark that was not left alone to its end. */
static int judge_cut(struct result *result, double limit_s, bool is_cut)
{
	if (interrupted_by != 0)
		result_explain(result, "interrupted by signal %d", interrupted_by);
	else if (is_cut)
		result_explain(result, "its share of the time for all benchmarks was over");
	else
		result_explain(result, "timed out after %.3g s", limit_s);
	/* One that is cut short is no error: it might have ended in time. */
	return result_end(result, interrupted_by != 0 || is_cut ? STATUS_SKIP : STATUS_ERROR);
}

static int judge_end(struct result *result, int status)
{
	if (WIFSIGNALED(status))
		result_explain(result, "the benchmark was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == NOT_STARTED)
		result_explain(result, "cannot start this program anew through /proc/self/exe; "
				       "see --same-program");
	else if (WEXITSTATUS(status) != 0)
		result_explain(result, "the benchmark exited with status %d", WEXITSTATUS(status));
	if (status != 0)
		return result_end(result, STATUS_ERROR);
	if (result->status == STATUS_ERROR)
		result_explain(result, "the benchmark ended without a result");
	return (int)result->status;
}

/* The round in a process of its own. `lent_fd` is what it works on, or -1: result itself. */
static int run_and_judge(struct result *result, int lent_fd)
{
	const struct options *options = &result->options;
	double limit_s =
		options->plan.budget_ns * 1e-9 + (double)registry_timeout_s(result->spec.bench);
	bool is_cut = options->limit_s > 0 && options->limit_s < limit_s;
	pid_t parent = getpid();
	sigset_t awaited;
	sigset_t mask;

	limit_s = is_cut ? options->limit_s : limit_s;
	(void)signal(SIGCHLD, SIG_DFL); /* ignored by some callers, and then nothing to wait for */
	awaited_signals(&awaited);
	(void)sigprocmask(SIG_BLOCK, &awaited, &mask);
	pid_t pid = fork();
	if (pid == 0)
		run_as_child(result, lent_fd, parent, &mask);
	int error = errno;
	bool ended = false;
	int status = 0;
	if (pid > 0) {
		(void)setpgid(pid, pid);
		ended = ended_within(pid, limit_s, &awaited);
		status = kill_and_reap(pid);
		/* one that died while it wrote has explained nothing */
		result->is_explained = result->reason[0] != '\0';
	}
	if (lent_fd >= 0 && result_take_back(result, lent_fd) != 0)
		result_explain(result, "the benchmark has cut its result");
	scratch_remove(result);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid > 0)
		return ended ? judge_end(result, status) : judge_cut(result, limit_s, is_cut);
	result_explain(result, "fork: %s", strerror(error));
	return result_end(result, STATUS_ERROR);
}

int session_run_isolated(struct result *result, const struct options *options)
{
	int lent_fd = -1;

	if (interrupted_by != 0 && result->round_count > 0)
		return (int)result->status; /* keeps what it has */
	if (interrupted_by != 0)
		return judge_cut(result, 0, false);
	if (result->round_count == ROUNDS_MAX) {
		result_explain(result, "more than %d rounds", ROUNDS_MAX);
		return result_end(result, STATUS_ERROR);
	}
	result->options = *options;
	if (options->fresh_image) {
		result->rounds[result->round_count].environment_bytes = padding_of(result);
		lent_fd = result_lend(result);
		if (lent_fd < 0) {
			result_explain(result, "no file in memory for the result: %s",
				       strerror(errno));
			return result_end(result, STATUS_ERROR);
		}
	}
	const struct bench *bench = result->spec.bench;
	int status = run_and_judge(result, lent_fd);
	result->spec.bench = bench; /* the other process has put its own pointers there */
	result_attach(result);
	return status;
}
