// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations that fail in every way the driver must survive. Only in the tests' program. */
#include "reaim_op.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int work(struct reaim_job *job)
{
	reaim_did(job, 1);
	return REAIM_OK;
}

static int refuse(struct reaim_job *job)
{
	errno = ENOSPC;
	return reaim_fail(job, "write a block: %m");
}

static int refuse_by_path(struct reaim_job *job)
{
	errno = ENOSPC;
	return reaim_fail(job, "write %s/.block: %m", reaim_directory(job));
}

static int fail_silently(struct reaim_job *job)
{
	(void)job;
	return REAIM_ERROR;
}

static int be_lazy(struct reaim_job *job)
{
	reaim_did(job, 2);
	return REAIM_OK;
}

static int crash(struct reaim_job *job)
{
	(void)job;
	abort();
}

static int be_killed(struct reaim_job *job)
{
	(void)job;
	return raise(SIGKILL);
}

static int leave(struct reaim_job *job)
{
	(void)job;
	_exit(0);
}

static int hang(struct reaim_job *job)
{
	(void)job;
	while (pause() < 0)
		;
	return REAIM_OK;
}

static int use_all_descriptors(struct reaim_job *job)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	return reaim_fail(job, "open /dev/null: %m");
}

static int be_absent(struct reaim_job *job)
{
	errno = ENOSYS;
	return reaim_skip(job, "the kernel has no such call: %m");
}

static int be_absent_in_poor(struct reaim_job *job)
{
	if (strstr(reaim_directory(job), "/poor/") != NULL)
		return reaim_skip(job, "%s: the file system lacks it", reaim_directory(job));
	return REAIM_OK;
}

static int exit_badly(struct reaim_job *job)
{
	(void)job;
	return 7;
}

static int spawn_bad_helper(struct reaim_job *job)
{
	pid_t pid = reaim_spawn(job, exit_badly);

	return pid < 0 ? REAIM_ERROR : reaim_reap(job, pid);
}

/* A helper that outlives its job, and files that nobody removes. */
static int litter(struct reaim_job *job)
{
	char path[4096];

	if (reaim_path(job, "litter", path, sizeof(path)) != REAIM_OK)
		return REAIM_ERROR;
	if (mkdir(path, 0700) != 0)
		return reaim_fail(job, "%s: %m", path);
	for (int depth = 0; depth < 8; depth++) {
		if (chdir(path) != 0 || mkdir("deeper", 0500) != 0)
			return reaim_fail(job, "%s: %m", path);
		(void)chmod("deeper", 0700);
		if (symlink("/etc", "link") != 0)
			return reaim_fail(job, "%s/link: %m", path);
		(void)close(open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		(void)chmod("deeper", 0700);
		if (chdir("deeper") != 0)
			return reaim_fail(job, "deeper: %m");
		path[0] = '.';
		path[1] = '\0';
	}
	return reaim_spawn(job, hang) < 0 ? REAIM_ERROR : REAIM_OK;
}

static int sleep_a_little(struct reaim_job *job)
{
	struct timespec some = {.tv_nsec = 10 * 1000 * 1000};

	(void)nanosleep(&some, NULL);
	return work(job);
}

/* The first of all jobs ends at once, every other one when the monitor has said halt. */
static int wait_for_halt(struct reaim_job *job)
{
	int fd = open("first", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return close(fd) == 0 ? work(job) : REAIM_ERROR;
	while (access("halted", F_OK) != 0)
		(void)usleep(1000);
	return work(job);
}

/* Says what happens, in the order in which it does, where the tests see the cache dropped too. */
static int say(struct reaim_job *job, const char *letter)
{
	int fd = open("drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, letter, 1) != 1)
		return reaim_fail(job, "drop_caches: %m");
	return close(fd) == 0 ? REAIM_OK : REAIM_ERROR;
}

static int say_setup(struct reaim_job *job)
{
	return say(job, "s");
}

static int say_run(struct reaim_job *job)
{
	(void)usleep((useconds_t)reaim_random_below(job, 5000));
	reaim_did(job, 1);
	return say(job, "r");
}

static void say_teardown(struct reaim_job *job)
{
	(void)say(job, "t");
}

static const struct reaim_op faulty_order = {
	.name = "faulty_order",
	.unit = "Steps",
	.doc = "Says setup, run and teardown to those who read drop_caches.",
	.operations = 1,
	.work_per_job = 1,
	.setup = say_setup,
	.run = say_run,
	.teardown = say_teardown,
};
REAIM_REGISTER(faulty_order);

#define FAULTY(name_, setup_, run_)                                                                \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = "Faults",                                                                  \
		.doc = "Fails, to see what the driver makes of it.",                               \
		.operations = 1,                                                                   \
		.work_per_job = 1,                                                                 \
		.setup = (setup_),                                                                 \
		.run = (run_),                                                                     \
	};                                                                                         \
	REAIM_REGISTER(name_)

FAULTY(faulty_fail, NULL, refuse);
FAULTY(faulty_place, NULL, refuse_by_path);
FAULTY(faulty_silent, NULL, fail_silently);
FAULTY(faulty_lazy, NULL, be_lazy);
FAULTY(faulty_crash, NULL, crash);
FAULTY(faulty_killed, NULL, be_killed);
FAULTY(faulty_leave, NULL, leave);
FAULTY(faulty_hang, NULL, hang);
FAULTY(faulty_emfile, NULL, use_all_descriptors);
FAULTY(faulty_setup, refuse, work);
FAULTY(faulty_slow_setup, hang, work);
FAULTY(faulty_skip, be_absent, work);
FAULTY(faulty_picky, be_absent_in_poor, work);
FAULTY(faulty_helper, NULL, spawn_bad_helper);
FAULTY(faulty_litter, litter, sleep_a_little);
FAULTY(faulty_until_halt, NULL, wait_for_halt);
