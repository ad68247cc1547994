// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: sigaction(), which installs a handler and tells the one before.
 * Why: a system call that copies a structure in both directions and takes the lock of the
 * process' signal handlers; programs that guard a section by a handler pay it twice.
 * Source: lmbench paper (USENIX 1996), signal handling cost; sigaction(2).
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct data {
	unsigned next; /* of the two handlers that take turns */
	uint64_t installed;
};

static void one(int number)
{
	(void)number;
}

static void other(int number)
{
	(void)number;
	bench_barrier(); /* so that the two are not made one function */
}

static void (*const handlers[2])(int) = {one, other};

static int setup(struct bench_state *state)
{
	const struct sigaction action = {.sa_handler = other};

	if (sigaction(SIGUSR1, &action, NULL) != 0)
		return bench_fail(state, "sigaction: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct sigaction action = {.sa_flags = 0};
	struct sigaction before = {.sa_flags = 0};
	unsigned next = data->next;
	uint64_t installed = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		action.sa_handler = handlers[next];
		next ^= 1;
		if (sigaction(SIGUSR1, &action, &before) != 0)
			return bench_fail(state, "sigaction: %s", strerror(errno));
		installed += before.sa_handler == handlers[next];
	}
	data->next = next;
	data->installed += installed;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->installed;
}

static void teardown(struct bench_state *state)
{
	(void)state;
	(void)signal(SIGUSR1, SIG_DFL);
}

static const struct bench lat_signal_install = {
	.name = "lat_signal_install",
	.summary = "install a signal handler",
	.doc = "Times sigaction() for SIGUSR1, which installs a handler with an empty mask and no\n"
	       "flags and asks for the one before. No signal is sent. In it: the system call, two\n"
	       "structures copied, the lock of the process' signal handlers, a look whether an ignored\n"
	       "signal is pending, and what the libc does to turn its structure into the kernel's. Two\n"
	       "handlers take turns. Work proof: each call tells the handler that the one before it\n"
	       "installed. Idea: lmbench paper, signal handling cost; its install is the same\n"
	       "operation with one handler.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_signal_install);
