// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a blocked signal from a process to itself, taken from a signalfd or by
 * sigtimedwait().
 * Why: how event loops take signals: a system call more than a handler, but no signal frame
 * and no sigreturn.
 * Source: signalfd(2), sigwaitinfo(2); signal handling cost of the lmbench paper, extended.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

struct data {
	int (*loop)(struct bench_state *state, uint64_t iterations);
	pid_t self;
	int fd;
	sigset_t mask;
	uint64_t taken;
};

static const char *const takers[] = {"signalfd", "sigtimedwait", NULL};

static int loop_signalfd(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const pid_t self = data->self;
	const int fd = data->fd;
	struct signalfd_siginfo info;
	uint64_t taken = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_kill, self, SIGUSR1) != 0)
			return bench_fail(state, "kill: %s", strerror(errno));
		if (syscall(SYS_read, fd, &info, sizeof(info)) != (long)sizeof(info))
			return bench_fail(state, "read of a signalfd: %s", strerror(errno));
		taken += info.ssi_signo == SIGUSR1;
	}
	data->taken += taken;
	return BENCH_OK;
}

static int loop_sigtimedwait(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const pid_t self = data->self;
	const struct timespec at_once = {0};
	siginfo_t info;
	uint64_t taken = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_kill, self, SIGUSR1) != 0)
			return bench_fail(state, "kill: %s", strerror(errno));
		if (sigtimedwait(&data->mask, &info, &at_once) != SIGUSR1)
			return bench_fail(state, "sigtimedwait: %s", strerror(errno));
		taken += info.si_pid == self;
	}
	data->taken += taken;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	bool by_descriptor = bench_value(state, "taken_by") == 0;

	data->loop = by_descriptor ? loop_signalfd : loop_sigtimedwait;
	data->self = getpid();
	sigemptyset(&data->mask);
	sigaddset(&data->mask, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &data->mask, NULL) != 0)
		return bench_fail(state, "sigprocmask: %s", strerror(errno));
	data->fd = signalfd(-1, &data->mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (data->fd >= 0)
		return BENCH_OK;
	return bench_skip(state, "needs a kernel with signalfd: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->taken;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->fd > 0) /* 0: setup did not come so far */
		(void)close(data->fd);
}

static const struct bench_parameter parameters[] = {
	{.name = "taken_by", .about = "the call that takes the signal", .words = takers}, {0}};

static const struct bench lat_signalfd = {
	.name = "lat_signalfd",
	.summary = "signal to oneself, taken without a handler",
	.doc = "Times kill() of the own process with SIGUSR1, which is blocked, and taking it:\n"
	       "taken_by=signalfd by a read() of 128 bytes from a signalfd, taken_by=sigtimedwait by\n"
	       "sigtimedwait() that does not wait. Two system calls; the signal is queued, found\n"
	       "and removed, and its cause copied to the user, but no frame is made on the stack, no\n"
	       "vector state saved and nothing returned from: lat_signal_dispatch and its overhead\n"
	       "together are the same with a handler. With signalfd the sender also looks for\n"
	       "sleepers on the descriptor. Work proof: each taking gives this signal, from this\n"
	       "process. Idea: signalfd(2), as event loops use it.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_signalfd);
