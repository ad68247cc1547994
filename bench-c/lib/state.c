// SPDX-License-Identifier: GPL-2.0-or-later
#include "state.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REAP_PATIENCE_MS = 2000, INTERRUPT_US = 10000 };

/* Two lines: prefetchers fetch them in pairs, and copies that are threads must share none. */
enum { DATA_ALIGNMENT = 128 };

static void *zeroed_data(size_t size)
{
	size_t rounded = (size + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
	void *data = aligned_alloc(DATA_ALIGNMENT, rounded);

	return data == NULL ? NULL : memset(data, 0, rounded);
}

int state_open(struct bench_state *state, struct result *result, const cpu_set_t *allowed,
	       const struct topology *topology)
{
	const struct bench *bench = result->spec.bench;

	*state = (struct bench_state){
		.bench = bench,
		.result = result,
		.allowed = *allowed,
		.topology = topology,
		.operations_per_iteration =
			bench->operations_per_iteration == 0 ? 1 : bench->operations_per_iteration,
		.bytes_per_operation = bench->bytes_per_operation,
	};
	if (bench->data_size == 0)
		return BENCH_OK;
	state->data = zeroed_data(bench->data_size);
	if (state->data == NULL)
		return bench_fail(state, "no memory for %zu bytes", bench->data_size);
	return BENCH_OK;
}

void state_close(struct bench_state *state)
{
	free(state->data);
	state->data = NULL;
}

void *bench_data(struct bench_state *state)
{
	return state->data;
}

static size_t parameter_index(const struct bench_state *state, const char *name)
{
	const struct bench_parameter *parameters = state->bench->parameters;

	for (size_t i = 0; parameters != NULL && i < PARAMETERS_MAX && parameters[i].name != NULL;
	     i++)
		if (strcmp(parameters[i].name, name) == 0)
			return i;
	(void)fprintf(stderr, "kbench: %s has no parameter %s\n", state->bench->name, name);
	abort();
}

int64_t bench_value(const struct bench_state *state, const char *name)
{
	return state->result->spec.values[parameter_index(state, name)];
}

const char *bench_text(const struct bench_state *state, const char *name)
{
	return state->result->spec.texts[parameter_index(state, name)];
}

void bench_set_operations_per_iteration(struct bench_state *state, uint64_t operations)
{
	state->operations_per_iteration = operations;
}

void bench_set_bytes_per_operation(struct bench_state *state, uint64_t bytes)
{
	state->bytes_per_operation = bytes;
}

void bench_set_remote(struct bench_state *state)
{
	state->result->remote = true;
}

void bench_took_ns(struct bench_state *state, double total_ns)
{
	state->took_ns = total_ns;
}

unsigned bench_copies(const struct bench_state *state)
{
	return state->result->spec.copies;
}

unsigned bench_cpus(const struct bench_state *state)
{
	return (unsigned)CPU_COUNT(&state->allowed);
}

int bench_other_cpu(const struct bench_state *state, int cpu)
{
	for (int other = CPU_SETSIZE; other-- > 0;)
		if (other != cpu && CPU_ISSET((size_t)other, &state->allowed))
			return other;
	return -1;
}

/* The child that has died of something, or 0. It is not reaped. */
static pid_t dead_child(const struct bench_state *state, siginfo_t *info)
{
	for (size_t i = 0; i < state->child_count; i++) {
		pid_t pid = state->children[i];
		*info = (siginfo_t){.si_pid = 0};
		if (waitid(P_PID, (id_t)pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info->si_pid == pid && info->si_status != 0)
			return pid;
	}
	return 0;
}

/* Whoever misses an answer complains of a call; the child that did not give it is the reason. */
static void explain(struct bench_state *state, const char *format, va_list arguments)
{
	char text[REASON_SIZE];
	siginfo_t info;

	(void)vsnprintf(text, sizeof(text), format, arguments);
	pid_t dead = dead_child(state, &info);
	if (dead == 0)
		result_explain(state->result, "%s", text);
	else
		result_explain(state->result, "%s (child %d %s %d)", text, (int)dead,
			       info.si_code == CLD_EXITED ? "exited with status"
							  : "was killed by signal",
			       info.si_status);
}

int bench_fail(struct bench_state *state, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(state, format, arguments);
	va_end(arguments);
	return BENCH_ERROR;
}

int bench_skip(struct bench_state *state, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(state, format, arguments);
	va_end(arguments);
	return BENCH_SKIP;
}

int state_place(struct bench_state *state, size_t index)
{
	cpu_set_t cpus = placement_cpus(state->result->spec.placement, state->first_task + index,
					&state->allowed, state->topology);

	if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0)
		return bench_fail(state, "cannot place task %zu: %s", index, strerror(errno));
	return BENCH_OK;
}

/* The name is what profiles and ps show. The parent may have died before prctl. */
static int become_child(struct bench_state *state, int placed_as, pid_t parent)
{
	(void)prctl(PR_SET_NAME, state->bench->name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return BENCH_ERROR;
	return placed_as == NOT_PLACED ? BENCH_OK : state_place(state, (size_t)placed_as);
}

static unsigned task_count(const struct bench_state *state)
{
	return (unsigned)(state->child_count + state->thread_count);
}

int state_start_process(struct bench_state *state, task_fn *body, int placed_as)
{
	pid_t parent = getpid();
	unsigned index = task_count(state);

	if (state->child_count == CHILDREN_MAX)
		return bench_fail(state, "more than %d children", CHILDREN_MAX);
	pid_t pid = fork();
	if (pid < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	if (pid == 0) {
		int error = become_child(state, placed_as, parent);
		if (error == 0)
			error = body(state, index);
		_exit(error);
	}
	state->children[state->child_count++] = pid;
	return BENCH_OK;
}

static void *run_thread(void *argument)
{
	struct task *task = argument;
	int error = BENCH_OK;

	if (task->placed_as != NOT_PLACED)
		error = state_place(task->state, (size_t)task->placed_as);
	if (error == 0)
		error = task->body(task->state, task->index);
	return error == 0 ? NULL : task;
}

int state_start_thread(struct bench_state *state, task_fn *body, int placed_as)
{
	if (state->thread_count == THREADS_MAX)
		return bench_fail(state, "more than %d threads", THREADS_MAX);
	struct task *task = &state->threads[state->thread_count];
	*task = (struct task){
		.state = state, .body = body, .index = task_count(state), .placed_as = placed_as};
	int error = pthread_create(&task->thread, NULL, run_thread, task);
	if (error != 0)
		return bench_fail(state, "pthread_create: %s", strerror(error));
	state->thread_count++;
	return BENCH_OK;
}

static int run_spawned(struct bench_state *state, unsigned index)
{
	(void)index;
	return state->spawned_body(state);
}

static const struct bench_state *watched; /* a handler gets no argument of ours */

static void interrupt(int number)
{
	(void)number;
}

static bool has_ended(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child;
}

/* A wait that begins only after this signal would last for ever, so it will be interrupted too.
 * The harness has children of its own, whose end is no business of the benchmark. */
static void child_ended(int number)
{
	const struct itimerval again = {{.tv_usec = INTERRUPT_US}, {.tv_usec = INTERRUPT_US}};
	int error = errno;

	(void)number;
	for (size_t i = 0; i < watched->child_count; i++)
		if (has_ended(watched->children[i]))
			(void)setitimer(ITIMER_REAL, &again, NULL);
	errno = error;
}

/* The end of a child ends, with EINTR, what its parent waits in. */
static int watch_children(struct bench_state *state)
{
	const struct sigaction on_end = {.sa_handler = child_ended, .sa_flags = SA_NOCLDSTOP};
	const struct sigaction on_timer = {.sa_handler = interrupt};

	watched = state;
	if (sigaction(SIGCHLD, &on_end, NULL) == 0 && sigaction(SIGALRM, &on_timer, NULL) == 0)
		return BENCH_OK;
	return bench_fail(state, "sigaction: %s", strerror(errno));
}

int bench_spawn(struct bench_state *state, int (*body)(struct bench_state *state))
{
	int error = watch_children(state);

	if (error != 0)
		return error;
	state->spawned_body = body;
	return state_start_process(state, run_spawned, (int)task_count(state) + 1);
}

int bench_thread(struct bench_state *state, int (*body)(struct bench_state *state, unsigned index))
{
	return state_start_thread(state, body, (int)task_count(state) + 1);
}

/* 1 ended, 0 still running, -1 no such child. */
static int try_wait(pid_t pid, int *status)
{
	pid_t got;

	do {
		got = waitpid(pid, status, WNOHANG);
	} while (got < 0 && errno == EINTR);
	return got == pid ? 1 : (int)got;
}

static int wait_patiently(pid_t pid, int *status)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int ended = try_wait(pid, status);

	for (int ms = 0; ended == 0 && ms < REAP_PATIENCE_MS; ms++) {
		(void)nanosleep(&pause, NULL);
		ended = try_wait(pid, status);
	}
	return ended;
}

static int judge_status(struct bench_state *state, pid_t pid, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return BENCH_OK;
	if (WIFEXITED(status))
		return bench_fail(state, "child %d exited with status %d", (int)pid,
				  WEXITSTATUS(status));
	return bench_fail(state, "child %d was killed by signal %d", (int)pid, WTERMSIG(status));
}

static int reap_child(struct bench_state *state, pid_t pid, bool kill_first)
{
	int status = 0;

	if (kill_first)
		(void)kill(pid, SIGKILL);
	int ended = wait_patiently(pid, &status);
	if (ended < 0)
		return bench_fail(state, "child %d was reaped by somebody else", (int)pid);
	if (ended == 0) {
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return bench_fail(state, "child %d did not end after teardown", (int)pid);
	}
	return kill_first ? BENCH_OK : judge_status(state, pid, status);
}

static int join_thread(struct bench_state *state, const struct task *task)
{
	struct timespec deadline;
	void *failed = NULL;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += REAP_PATIENCE_MS / 1000;
	if (pthread_timedjoin_np(task->thread, &failed, &deadline) != 0)
		return bench_fail(state, "thread %u did not end after teardown", task->index);
	return failed == NULL ? BENCH_OK : bench_fail(state, "thread %u failed", task->index);
}

int state_reap(struct bench_state *state, bool kill_first)
{
	const struct itimerval off = {0};
	int error = BENCH_OK;

	for (size_t i = 0; i < state->thread_count; i++)
		if (join_thread(state, &state->threads[i]) != 0)
			error = BENCH_ERROR;
	state->thread_count = 0;

	for (size_t i = 0; i < state->child_count; i++)
		if (reap_child(state, state->children[i], kill_first) != 0)
			error = BENCH_ERROR;
	state->child_count = 0;
	if (watched == state) {
		(void)signal(SIGCHLD, SIG_DFL);
		(void)setitimer(ITIMER_REAL, &off, NULL);
		watched = NULL;
	}
	return error;
}
