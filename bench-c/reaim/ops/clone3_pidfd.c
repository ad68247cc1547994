// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes made by clone3() with a descriptor that stands for them, by which they are waited
 * for, as supervisors do today.
 * Source: clone3(2), CLONE_PIDFD; waitid(2), P_PIDFD (Linux 5.4).
 */
#include "reaim_op.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 50, STATUSES = 64 };

static pid_t clone_with_pidfd(int *pidfd)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static int setup(struct reaim_job *job)
{
	/* Without arguments it can only fail; how it fails tells whether it is there. */
	if (syscall(SYS_clone3, NULL, 0) != 0 && errno != EINVAL)
		return reaim_skip(job, "clone3: %m: kernel or sandbox without it");
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	for (int i = 0; i < PROCESSES; i++) {
		siginfo_t ended = {0};
		int pidfd = -1;
		int status = i % STATUSES;
		pid_t pid = clone_with_pidfd(&pidfd);
		if (pid < 0)
			return reaim_fail(job, "clone3: %m");
		if (pid == 0)
			_exit(status);
		int failed;
		do
			failed = waitid(P_PIDFD, (id_t)pidfd, &ended, WEXITED);
		while (failed != 0 && errno == EINTR);
		int why = errno;
		(void)close(pidfd);
		errno = why;
		if (failed != 0)
			return reaim_fail(job, "waitid by a pidfd: %m");
		if (ended.si_pid != pid || ended.si_code != CLD_EXITED || ended.si_status != status)
			return reaim_fail(job, "a process ended with %d, not with %d",
					  ended.si_status, status);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op clone3_pidfd = {
	.name = "clone3_pidfd",
	.unit = "Processes Waited for by a pidfd",
	.doc = "Makes 50 processes with clone3(), each with a pidfd, and waits for them by it. Process "
	       "id and exit status must be right.",
	.operations = PROCESSES,
	.work_per_job = PROCESSES,
	.setup = setup,
	.run = run,
};
REAIM_REGISTER(clone3_pidfd);
