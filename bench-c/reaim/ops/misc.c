// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * misc_rtns_1: questions to the kernel that it answers at once: who am I, what time is it,
 * how much have I used. Source: getpid(2), getuid(2), times(2), clock_gettime(2).
 */
#include "reaim_op.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { LOOPS = 10, TURNS = 50 };

struct identity {
	pid_t process, parent, group;
	uid_t user, effective_user;
	gid_t group_id, effective_group_id;
};

static struct identity ask_identity(void)
{
	return (struct identity){
		.process = getpid(),
		.parent = getppid(),
		.group = getpgrp(),
		.user = getuid(),
		.effective_user = geteuid(),
		.group_id = getgid(),
		.effective_group_id = getegid(),
	};
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
	return a->process == b->process && a->parent == b->parent && a->group == b->group &&
	       a->user == b->user && a->effective_user == b->effective_user &&
	       a->group_id == b->group_id && a->effective_group_id == b->effective_group_id;
}

/* Clocks may stand still between two questions, never go back. */
static int ask_clocks(struct reaim_job *job, struct timespec *last, clock_t *last_ticks)
{
	struct timespec now;
	struct timeval day;
	struct tms used;
	clock_t ticks = times(&used);

	if (ticks == (clock_t)-1)
		return reaim_fail(job, "times: %m");
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return reaim_fail(job, "clock_gettime: %m");
	if (gettimeofday(&day, NULL) != 0 || time(NULL) == (time_t)-1)
		return reaim_fail(job, "gettimeofday or time: %m");
	if (now.tv_sec < last->tv_sec ||
	    (now.tv_sec == last->tv_sec && now.tv_nsec < last->tv_nsec) || ticks < *last_ticks)
		return reaim_fail(job, "a clock went back");
	*last = now;
	*last_ticks = ticks;
	return REAIM_OK;
}

static int ask_usage(struct reaim_job *job)
{
	struct rusage usage;
	struct utsname name;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return reaim_fail(job, "getrusage: %m");
	if (uname(&name) != 0)
		return reaim_fail(job, "uname: %m");
	mode_t mask = umask(077);
	if (umask(mask) != 077)
		return reaim_fail(job, "umask did not keep what it was given");
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	struct identity first = ask_identity();
	struct timespec last_time = {0};
	clock_t last_ticks = 0;

	for (int i = 0; i < LOOPS; i++) {
		for (int j = 0; j < TURNS; j++) {
			struct identity now = ask_identity();
			if (!same_identity(&first, &now))
				return reaim_fail(job, "the process changed its identity");
			if (ask_clocks(job, &last_time, &last_ticks) != REAIM_OK ||
			    ask_usage(job) != REAIM_OK)
				return REAIM_ERROR;
		}
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op misc_rtns_1 = {
	.name = "misc_rtns_1",
	.unit = "Auxiliary Loops",
	.doc = "Ten loops of 50 turns of 15 system and clock calls: process, user and group numbers, "
	       "times, clocks, resource usage, system name, umask. Identities must stay, clocks must "
	       "not go back.",
	.operations = LOOPS,
	.work_per_job = LOOPS,
	.run = run,
};
REAIM_REGISTER(misc_rtns_1);
