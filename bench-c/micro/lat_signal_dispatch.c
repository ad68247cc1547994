// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a signal from a process to itself, handled, less the sending of signal 0.
 * Why: making a signal frame on the user's stack, entering the handler and returning through
 * rt_sigreturn(): what faults, timers and interrupts by key pay too.
 * Source: lmbench paper (USENIX 1996), signal handling cost; kill(2), sigreturn(2).
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	pid_t self;
	uint64_t sent; /* by overhead, where nothing arrives */
};

static volatile uint64_t handled; /* a handler gets no argument of ours */

static void handler(int number)
{
	(void)number;
	handled = handled + 1;
}

static int setup(struct bench_state *state)
{
	const struct sigaction action = {.sa_handler = handler};
	struct data *data = bench_data(state);
	sigset_t none;

	handled = 0;
	data->self = getpid();
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
		return bench_fail(state, "cannot install a handler: %s", strerror(errno));
	return BENCH_OK;
}

/* An unblocked signal to the only thread there is arrives before kill() returns. */
static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const pid_t self = data->self;

	for (uint64_t i = 0; i < iterations; i++)
		if (syscall(SYS_kill, self, SIGUSR1) != 0)
			return bench_fail(state, "kill: %s", strerror(errno));
	return BENCH_OK;
}

static int overhead(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const pid_t self = data->self;
	uint64_t sent = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_kill, self, 0) != 0)
			return bench_fail(state, "kill: %s", strerror(errno));
		sent++;
	}
	data->sent += sent;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->sent + handled;
}

static void teardown(struct bench_state *state)
{
	(void)state;
	(void)signal(SIGUSR1, SIG_DFL);
}

static const struct bench lat_signal_dispatch = {
	.name = "lat_signal_dispatch",
	.summary = "signal to oneself and its handler, sending subtracted",
	.doc = "Times kill() of the own process with SIGUSR1, which runs a handler before kill()\n"
	       "returns. The cost of kill() with signal 0, which checks everything and sends nothing,\n"
	       "is measured first, reported as \"overhead\", and its minimum subtracted. What is left is\n"
	       "queueing and taking the signal, saving the registers (with all of the vector state:\n"
	       "wider registers, longer signals) on the user's stack, the handler, rt_sigreturn()\n"
	       "and restoring them. There is no switch; lat_signal_process has one. Work proof: the\n"
	       "handler counts, and signals are never merged because each arrives at once.\n"
	       "Idea: lmbench paper, signal handling cost; its catch subtracts the same, as the\n"
	       "difference of two medians of one run.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.overhead = overhead,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_signal_dispatch);
