// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a signal to another process, whose handler runs, and a signal back.
 * Why: what signals are for. The paper measures a signal to oneself and names the switch as
 * what is missing from it.
 * Source: lmbench paper (USENIX 1996), signal handling cost; sigsuspend(2), kill(2).
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	uint64_t answered; /* by the child */
};

struct data {
	struct shared *shared;
	int ready[2];
	pid_t parent;
	pid_t child;
	sigset_t while_waiting;
};

/* Each process has its own: signals are blocked but while it waits, so none is lost. */
static volatile sig_atomic_t arrived;
static volatile sig_atomic_t told_to_end; /* the child */

static void note(int number)
{
	if (number == SIGUSR1)
		arrived = 1;
	else
		told_to_end = 1;
}

static bool has_died(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	return child > 0 && waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child;
}

/* False when none will come any more. Asked for only when something else ended the wait. */
static bool wait_for_signal(const struct data *data)
{
	while (!arrived && !told_to_end) {
		(void)sigsuspend(&data->while_waiting);
		if (!arrived && has_died(data->child))
			break;
	}
	bool come = arrived != 0;
	arrived = 0;
	return come;
}

static int child(struct bench_state *state)
{
	struct data *data = bench_data(state);
	const pid_t self = getpid();

	if (write(data->ready[1], &self, sizeof(self)) != (ssize_t)sizeof(self))
		return BENCH_ERROR;
	for (;;) {
		if (!wait_for_signal(data))
			return BENCH_OK;
		data->shared->answered++;
		if (syscall(SYS_kill, data->parent, SIGUSR1) != 0)
			return BENCH_ERROR;
	}
}

static int catch_signals(struct bench_state *state, struct data *data)
{
	static const int noted[] = {SIGUSR1, SIGUSR2};
	const struct sigaction action = {.sa_handler = note};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
		(void)sigaddset(&blocked, noted[i]);
	if (sigprocmask(SIG_BLOCK, &blocked, &data->while_waiting) != 0)
		return bench_fail(state, "sigprocmask: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++) {
		(void)sigdelset(&data->while_waiting, noted[i]);
		if (sigaction(noted[i], &action, NULL) != 0)
			return bench_fail(state, "sigaction: %s", strerror(errno));
	}
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->parent = getpid();
	data->shared = bench_shared(state, sizeof(*data->shared));
	if (data->shared == NULL)
		return BENCH_ERROR;
	if (pipe(data->ready) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	int error = catch_signals(state, data);
	if (error == 0)
		error = bench_spawn(state, child);
	if (error != 0)
		return error;
	(void)close(data->ready[1]);
	data->ready[1] = 0;
	if (read(data->ready[0], &data->child, sizeof(data->child)) == (ssize_t)sizeof(data->child))
		return BENCH_OK;
	data->child = 0;
	return bench_fail(state, "the other process did not start");
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const pid_t other = data->child;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_kill, other, SIGUSR1) != 0)
			return bench_fail(state, "kill: %s", strerror(errno));
		if (!wait_for_signal(data))
			return bench_fail(state, "the other process ended early");
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->shared->answered;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->child > 0)
		(void)kill(data->child, SIGUSR2);
	for (int i = 0; i < 2; i++)
		if (data->ready[i] > 0) /* 0: setup did not come so far */
			(void)close(data->ready[i]);
}

static const struct bench lat_signal_process = {
	.name = "lat_signal_process",
	.summary = "signal to another process, its handler, and one back",
	.doc = "Times kill() of another process with SIGUSR1, sigsuspend() until it has sent the same\n"
	       "back, and the handlers on both sides: a round trip of two signals, two handlers, two\n"
	       "wake-ups and two context switches. The signals are blocked except in sigsuspend(), so\n"
	       "none comes too early and none is lost; changing the mask there and back is part of\n"
	       "the figure. With cross-cpu the wake-up goes to another, possibly sleeping CPU: a\n"
	       "different figure. Work proof: the other process counts the signals that it answers,\n"
	       "and on one CPU the kernel must have counted two context switches for each round trip.\n"
	       "Idea: lmbench paper, signal handling cost, which names the switch as missing.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_signal_process);
