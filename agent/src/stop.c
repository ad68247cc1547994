/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"

static int signal_fd = -1;
static bool requested;
static int64_t requested_at_ms;

int stop_init(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_fd < 0 ? -1 : 0;
}

int stop_fd(void)
{
	return signal_fd;
}

bool stop_requested(void)
{
	struct signalfd_siginfo info;

	if (signal_fd >= 0 && read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    !requested) {
		requested = true;
		requested_at_ms = clock_monotonic_ms();
	}
	return requested;
}

int64_t stop_left_ms(void)
{
	int64_t left_ms;

	if (!stop_requested())
		return STOP_REPORT_MS;
	left_ms = requested_at_ms + STOP_REPORT_MS - clock_monotonic_ms();
	return left_ms > 0 ? left_ms : 0;
}

bool stop_sleep_ms(int64_t duration_ms)
{
	int64_t end_ms = clock_monotonic_ms() + duration_ms;
	struct pollfd waited = {.fd = signal_fd, .events = POLLIN};

	while (!stop_requested()) {
		int64_t left_ms = end_ms - clock_monotonic_ms();

		if (left_ms <= 0)
			return true;
		if (poll(&waited, 1, (int)left_ms) < 0 && errno != EINTR)
			return false;
	}
	return false;
}
