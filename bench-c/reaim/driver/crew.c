// SPDX-License-Identifier: GPL-2.0-or-later
#include "crew.h"

#include "board.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRAYS_NS UINT64_C(2000000000)

static int signal_fd = -1;
static int interrupt;

int events_open(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored by some callers, and then nothing to wait for */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* helpers that lost their parent end here */
	(void)signal(SIGPIPE, SIG_IGN);		/* a closed standard output is a failed write */
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_fd < 0 ? -1 : 0;
}

int event_interrupt(void)
{
	return interrupt;
}

static enum event read_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return EVENT_CHILD; /* nothing there: looking once more does no harm */
	if (info.ssi_signo == SIGCHLD)
		return EVENT_CHILD;
	interrupt = (int)info.ssi_signo;
	return EVENT_INTERRUPT;
}

enum event event_wait(int fd, uint64_t deadline_ns)
{
	struct pollfd polled[] = {{.fd = signal_fd, .events = POLLIN},
				  {.fd = fd, .events = POLLIN}};

	for (;;) {
		uint64_t now_ns = monotonic_ns();
		uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
		struct timespec left = {.tv_sec = (time_t)(left_ns / 1000000000u),
					.tv_nsec = (long)(left_ns % 1000000000u)};
		int count = ppoll(polled, 2, &left, NULL);
		if (count == 0)
			return EVENT_TIMEOUT;
		if (count < 0 && errno != EINTR)
			return EVENT_TIMEOUT;
		if (count > 0 && polled[0].revents != 0)
			return read_signal();
		if (count > 0 && polled[1].revents != 0)
			return EVENT_READY;
	}
}

int crew_new(struct crew *crew, size_t size)
{
	*crew = (struct crew){.pids = calloc(size, sizeof(*crew->pids))};
	return crew->pids == NULL ? -1 : 0;
}

void crew_add(struct crew *crew, pid_t pid)
{
	(void)setpgid(pid, pid); /* the child does so too: whoever comes first */
	crew->pids[crew->count++] = pid;
	crew->alive++;
}

bool event_is_interrupt_pending(void)
{
	struct pollfd polled = {.fd = signal_fd, .events = POLLIN};

	while (interrupt == 0 && poll(&polled, 1, 0) > 0)
		(void)read_signal();
	return interrupt != 0;
}

pid_t crew_next_ended(void)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
		return 0;
	return info.si_pid;
}

int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

ssize_t crew_index(const struct crew *crew, pid_t pid)
{
	for (size_t i = 0; i < crew->count; i++)
		if (crew->pids[i] == pid)
			return (ssize_t)i;
	return -1;
}

int crew_reap(struct crew *crew, size_t index)
{
	pid_t pid = crew->pids[index];

	(void)kill(-pid, SIGKILL);
	crew->pids[index] = 0;
	crew->alive--;
	return reap(pid);
}

void crew_kill(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->pids[i] == 0)
			continue;
		(void)kill(-crew->pids[i], SIGKILL);
		(void)kill(crew->pids[i], SIGKILL);
	}
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->pids[i] != 0)
			(void)reap(crew->pids[i]);
		crew->pids[i] = 0;
	}
	crew->alive = 0;
}

/* Helpers that lost their parent were killed with its group; they are ours to wait for. One that
 * left its group does not hold the run up for longer than this. */
static void wait_for_strays(void)
{
	uint64_t deadline_ns = monotonic_ns() + STRAYS_NS;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0)
			return;
		if (pid == 0 && event_wait(-1, deadline_ns) == EVENT_TIMEOUT)
			return;
	}
}

void crew_free(struct crew *crew)
{
	crew_kill(crew);
	wait_for_strays();
	free(crew->pids);
	*crew = (struct crew){0};
}
