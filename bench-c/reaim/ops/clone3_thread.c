// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that are made, say who they are and end.
 * Source: clone3(2), with which glibc makes threads from 2.34 on, but on arm64, where it has no
 * wrapper for it, with clone(2).
 */
#include "threads.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 100 };

static int setup(struct reaim_job *job)
{
	/* Without arguments it can only fail; how it fails tells whether it is there. */
	if (syscall(SYS_clone3, NULL, 0) != 0 && errno != EINVAL)
		return reaim_skip(job, "clone3: %m: threads would be made by clone()");
	return REAIM_OK;
}

static void *say_who(void *argument)
{
	pid_t *who = argument;

	*who = (pid_t)syscall(SYS_gettid);
	return NULL;
}

static int run(struct reaim_job *job)
{
	pid_t creator = (pid_t)syscall(SYS_gettid);

	for (unsigned int i = 0; i < THREADS; i++) {
		pid_t who = 0;
		int error = threads_run(job, 1, say_who, NULL, &who, sizeof(who));
		if (error != REAIM_OK)
			return error;
		if (who <= 0 || who == creator)
			return reaim_fail(job, "a thread that is no thread of its own");
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op clone3_thread = {
	.name = "clone3_thread",
	.unit = "Thread Creations",
	.doc = "Makes and joins 100 threads, one after another, by clone3() where the C library "
	       "does. Each must tell a thread id that is not its creator's.",
	.operations = THREADS,
	.work_per_job = THREADS,
	.setup = setup,
	.run = run,
};
REAIM_REGISTER(clone3_thread);
