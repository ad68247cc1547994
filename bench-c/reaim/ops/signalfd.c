// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals with a value that are read from a descriptor instead of running a handler.
 * Source: signalfd(2), sigqueue(3), signal(7) on real-time signals, which queue in order.
 */
#include "reaim_op.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A batch is small: the pending signals of an account are limited (RLIMIT_SIGPENDING), and all
 * children share them. */
enum { BATCH = 16, SIGNALS = 1024, TRIES = 10000 };

struct data {
	int fd;
};

static int signal_number(void)
{
	return SIGRTMIN + 3;
}

static sigset_t one_signal(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal_number());
	return set;
}

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	sigset_t set = one_signal();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	data->fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (data->fd < 0)
		return reaim_fail(job, "signalfd: %m");
	return REAIM_OK;
}

static void teardown(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	sigset_t set = one_signal();

	if (data->fd >= 0)
		(void)close(data->fd);
	/* What a failed job left pending is thrown away instead of killing the process. */
	(void)signal(signal_number(), SIG_IGN);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)signal(signal_number(), SIG_DFL);
}

static int receive(struct reaim_job *job, const struct data *data, int first, int count)
{
	struct signalfd_siginfo infos[BATCH];
	ssize_t got;

	do
		got = read(data->fd, infos, sizeof(infos));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return reaim_fail(job, "read from a signalfd: %m");
	if ((size_t)got != (size_t)count * sizeof(infos[0]))
		return reaim_fail(job, "%zu of %d signals arrived", (size_t)got / sizeof(infos[0]),
				  count);
	for (int i = 0; i < count; i++)
		if (infos[i].ssi_int != first + i || infos[i].ssi_pid != (uint32_t)getpid())
			return reaim_fail(job, "a signal came with a value nobody sent");
	reaim_did(job, (uint64_t)count);
	return REAIM_OK;
}

/* Up to a batch, fewer where the limit is reached; how many, or 0 after reaim_fail(). */
static int send_signals(struct reaim_job *job, int first, int most)
{
	int sent = 0;

	for (int tries = 0; sent < most && tries < TRIES; tries++) {
		union sigval value = {.sival_int = first + sent};
		if (sigqueue(getpid(), signal_number(), value) == 0) {
			sent++;
			continue;
		}
		if (errno != EAGAIN || sent > 0)
			break;
		(void)sched_yield(); /* to children that have theirs pending */
	}
	if (sent == 0)
		(void)reaim_fail(job, "sigqueue: %m; pending signals are limited by "
				      "RLIMIT_SIGPENDING");
	return sent;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (int first = 0; first < SIGNALS && error == REAIM_OK;) {
		int most = SIGNALS - first < BATCH ? SIGNALS - first : BATCH;
		int sent = send_signals(job, first, most);
		error = sent > 0 ? receive(job, data, first, sent) : REAIM_ERROR;
		first += sent;
	}
	return error;
}

static const struct reaim_op signalfd_op = {
	.name = "signalfd",
	.unit = "Signals Read from a Descriptor",
	.doc = "Sends itself 1024 real-time signals with values, up to 16 at a time, and reads "
	       "them from a signalfd. They must come in order, with their values, from this process.",
	.operations = SIGNALS,
	.work_per_job = SIGNALS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(signalfd_op);
