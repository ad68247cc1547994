/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#include <linux/close_range.h>
#endif

struct pipes {
	int output[2];
	int error[2];
	int failure[2]; /* carries errno if exec fails; closed by a successful exec */
};

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
	for (int end = 0; end < 2; end++) {
		close_if_open(&pipes->output[end]);
		close_if_open(&pipes->error[end]);
		close_if_open(&pipes->failure[end]);
	}
}

static int open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(pipes->output, O_CLOEXEC) != 0 || pipe2(pipes->error, O_CLOEXEC) != 0 ||
	    pipe2(pipes->failure, O_CLOEXEC) != 0 ||
	    fcntl(pipes->output[0], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(pipes->error[0], F_SETFL, O_NONBLOCK) != 0) {
		int failure = errno;

		close_pipes(pipes);
		return failure;
	}
	return 0;
}

/* In the child, between fork and exec: system calls only. */
static void __attribute__((noreturn))
become(const struct job_phase *phase, const struct pipes *pipes, pid_t agent)
{
	sigset_t none;
	int null_fd;
	int failure;

	setsid();
	/* if the agent dies, so does the program; systemd ends what the program leaves behind */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != agent)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
	    dup2(pipes->output[1], STDOUT_FILENO) >= 0 &&
	    dup2(pipes->error[1], STDERR_FILENO) >= 0 && chdir("/") == 0) {
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		execve(phase->argv[0], phase->argv, phase->env);
	}
	failure = errno;
	if (write(pipes->failure[1], &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* Waits until the child has become the program. Returns 0 or the errno it failed with. */
static int exec_failure(int failure_fd)
{
	int failure = 0;
	ssize_t got;

	do {
		got = read(failure_fd, &failure, sizeof(failure));
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(failure) ? failure : 0;
}

int spawn(const struct job_phase *phase, struct spawned *spawned)
{
	pid_t agent = getpid();
	struct pipes pipes;
	int failure = open_pipes(&pipes);

	if (failure != 0)
		return failure;
	spawned->pid = fork();
	if (spawned->pid == 0)
		become(phase, &pipes, agent);
	if (spawned->pid < 0) {
		failure = errno;
		close_pipes(&pipes);
		return failure;
	}
	close_if_open(&pipes.output[1]);
	close_if_open(&pipes.error[1]);
	close_if_open(&pipes.failure[1]);
	failure = exec_failure(pipes.failure[0]);
	close_if_open(&pipes.failure[0]);
	if (failure != 0) {
		waitpid(spawned->pid, NULL, 0);
		close_pipes(&pipes);
		return failure;
	}
	spawned->output_fd = pipes.output[0];
	spawned->error_fd = pipes.error[0];
	return 0;
}
