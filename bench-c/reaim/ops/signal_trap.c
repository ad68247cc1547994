// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signal_test: the process sends itself a signal and catches it, a thousand times. The counter
 * is volatile: with one that the compiler kept in a register the released program never ended.
 */
#include "reaim_op.h"

#include <signal.h>
#include <unistd.h>

enum { TRAPS = 1000, SIGNAL = SIGUSR2 };

static volatile sig_atomic_t traps;

static void trap(int signal_number)
{
	(void)signal_number;
	traps++;
}

static int send_to_self(struct reaim_job *job)
{
	pid_t self = getpid();

	for (int i = 0; i < TRAPS; i++) {
		traps = 0;
		if (kill(self, SIGNAL) != 0)
			return reaim_fail(job, "kill: %m");
		if (traps != 1) /* POSIX: it is delivered before kill() returns */
			return reaim_fail(job, "signal %d was trapped %d times instead of once", i,
					  (int)traps);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	struct sigaction old_action, action = {.sa_handler = trap};
	sigset_t old_mask, mask;
	int status;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGNAL);
	if (sigaction(SIGNAL, &action, &old_action) != 0)
		return reaim_fail(job, "sigaction: %m");
	if (sigprocmask(SIG_UNBLOCK, &mask, &old_mask) != 0)
		return reaim_fail(job, "sigprocmask: %m");
	status = send_to_self(job);
	if (sigprocmask(SIG_SETMASK, &old_mask, NULL) != 0)
		status = reaim_fail(job, "sigprocmask: %m");
	if (sigaction(SIGNAL, &old_action, NULL) != 0)
		status = reaim_fail(job, "sigaction: %m");
	return status;
}

static const struct reaim_op signal_test = {
	.name = "signal_test",
	.unit = "Signal Traps",
	.doc = "Sends the process SIGUSR2 with kill() and traps it, 1,000 times. Each must have been "
	       "delivered once when kill() returns.",
	.operations = TRAPS,
	.work_per_job = TRAPS,
	.run = run,
};
REAIM_REGISTER(signal_test);
