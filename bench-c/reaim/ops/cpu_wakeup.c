// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two threads on two CPUs that wake each other in turn: what an interrupt to another CPU, a
 * wake-up and a switch cost together.
 * Source: eventfd(2), sched_setaffinity(2); getrusage(2), ru_nvcsw.
 */
#include "cpus.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROUND_TRIPS = 100, WAKEUPS = 2 * ROUND_TRIPS };

/* A reader that comes late finds the event there and does not sleep; on busy CPUs some do. */
enum { SLEEPS_MIN = WAKEUPS / 4 };

struct side {
	int wait_fd;
	int wake_fd;
	int cpu;
	bool first; /* wakes before it waits */
	uint64_t woken;
	uint64_t sleeps;
	const char *failed; /* what, with error telling why (0: the answer was wrong) */
	int error;
};

static bool note(struct side *side, const char *what, bool good, int error)
{
	if (!good && side->failed == NULL) {
		side->failed = what;
		side->error = error;
	}
	return good;
}

/* Right after a system call. */
static bool called(struct side *side, const char *what, bool good)
{
	return note(side, what, good, errno);
}

static bool checked(struct side *side, const char *what, bool good)
{
	return note(side, what, good, 0);
}

static bool wake(struct side *side)
{
	uint64_t one = 1;

	return called(side, "wake", write(side->wake_fd, &one, sizeof(one)) == sizeof(one));
}

static bool wait_for_it(struct side *side)
{
	uint64_t value = 0;

	if (!called(side, "wait", read(side->wait_fd, &value, sizeof(value)) == sizeof(value)))
		return false;
	side->woken += value;
	return checked(side, "count wake-ups", value == 1);
}

static uint64_t sleeps_of_thread(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nvcsw;
}

static void *pass_to_and_fro(void *argument)
{
	struct side *side = argument;
	uint64_t before = sleeps_of_thread();
	/* A side that cannot be where it should goes on, so that the other is not left alone. */
	bool placed = called(side, "sched_setaffinity", cpu_use_only(side->cpu));
	bool good = !side->first || wake(side);

	for (unsigned int i = 0; i < ROUND_TRIPS && good; i++) {
		good = wait_for_it(side);
		if (good && (!side->first || i + 1 < ROUND_TRIPS))
			good = wake(side);
	}
	if (!good) {
		/* A count that the other side takes for a failure, so that it ends too. */
		uint64_t stop = ROUND_TRIPS;
		(void)called(side, "stop the other",
			     write(side->wake_fd, &stop, sizeof(stop)) == sizeof(stop));
	}
	if (placed)
		(void)checked(side, "stay on its CPU", sched_getcpu() == side->cpu);
	side->sleeps = sleeps_of_thread() - before;
	return NULL;
}

static int judge(struct reaim_job *job, const struct side sides[2])
{
	const struct side *bad = NULL;

	/* A side that stops the other makes it fail too, but without an errno. */
	for (unsigned int i = 0; i < 2; i++) {
		if (sides[i].failed != NULL && (bad == NULL || bad->error == 0))
			bad = &sides[i];
		reaim_did(job, sides[i].woken);
	}
	if (bad != NULL && bad->error == 0)
		return reaim_fail(job, "failed to %s, CPU %d", bad->failed, bad->cpu);
	if (bad != NULL) {
		errno = bad->error;
		return reaim_fail(job, "%s on CPU %d: %m", bad->failed, bad->cpu);
	}
	if (sides[0].sleeps + sides[1].sleeps < SLEEPS_MIN)
		return reaim_fail(job, "%llu sleeps for %d wake-ups",
				  (unsigned long long)(sides[0].sleeps + sides[1].sleeps), WAKEUPS);
	return REAIM_OK;
}

static int run_on(struct reaim_job *job, const struct cpus *cpus, const int fds[2])
{
	int cpu = cpus_next(cpus, sched_getcpu() - 1);
	struct side sides[2] = {
		{.wait_fd = fds[0], .wake_fd = fds[1], .cpu = cpu, .first = true},
		{.wait_fd = fds[1], .wake_fd = fds[0], .cpu = cpus_next(cpus, cpu)},
	};
	pthread_t other;

	errno = pthread_create(&other, NULL, pass_to_and_fro, &sides[1]);
	if (errno != 0)
		return reaim_fail(job, "pthread_create: %m");
	(void)pass_to_and_fro(&sides[0]);
	(void)pthread_join(other, NULL);
	int error = judge(job, sides);
	if (!cpus_restore(cpus))
		error = reaim_fail(job, "sched_setaffinity back: %m");
	return error;
}

static int run(struct reaim_job *job)
{
	struct cpus cpus;
	int fds[2] = {eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC)};
	int error = REAIM_OK;

	if (fds[0] < 0 || fds[1] < 0)
		error = reaim_fail(job, "eventfd: %m");
	else if (!cpus_allowed(&cpus))
		error = reaim_fail(job, "sched_getaffinity: %m");
	else
		error = run_on(job, &cpus, fds);
	for (unsigned int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return error;
}

static const struct reaim_op cpu_wakeup = {
	.name = "cpu_wakeup",
	.unit = "Wake-ups across CPUs",
	.doc = "Two threads, each bound to a CPU of its own, wake each other in turn, 100 times to and "
	       "fro. Both count what woke them, say where they ran, and the kernel must have counted "
	       "sleeps.",
	.operations = WAKEUPS,
	.work_per_job = WAKEUPS,
	.setup = cpus_need_two,
	.run = run,
};
REAIM_REGISTER(cpu_wakeup);
