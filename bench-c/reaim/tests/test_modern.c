// SPDX-License-Identifier: GPL-2.0-or-later
/* Each operation of today's kernels does its work and leaves nothing behind; and one whose
 * proof of work fails is an error with a name, never a figure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_faults.h"
#include "one_job.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

enum { JOBS = 2 };

static const struct {
	const char *name;
	double operations;
} operations[] = {
	{"clone3_pidfd", 50}, {"clone3_thread", 100}, {"cpu_migrate", 100}, {"cpu_wakeup", 200},
	{"epoll", 2000},      {"fault_4k", 2048},     {"fault_thp", 8},	    {"futex_lock", 2000},
	{"getdents", 10000},  {"madvise", 2048},      {"memfd", 100},	    {"mmap_lock", 400},
	{"path_walk", 1040},  {"pipe_splice", 4096},  {"signalfd", 1024},   {"timerfd", 250},
	{"unix_socket", 500},
};

static int entries_of(const char *path)
{
	DIR *stream = opendir(path);
	int count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	(void)closedir(stream);
	return count;
}

/* A thread that has been joined may still be on its way out of the kernel. */
static void assert_alone(void)
{
	int tasks = 0;

	for (int tries = 0; tries < 1000 && tasks != 1; tries++) {
		tasks = entries_of("/proc/self/task") - 2; /* "." and ".." */
		(void)sched_yield();
	}
	assert_int_equal(tasks, 1);
}

/* What makes a skip right: too few CPUs, huge pages off, a kernel without clone3. */
static void assert_excused(const char *name, const char *reason)
{
	bool excused = (strncmp(name, "cpu_", 4) == 0 && strstr(reason, "only one CPU") != NULL) ||
		       (strcmp(name, "fault_thp") == 0 && strstr(reason, "huge pages") != NULL) ||
		       (strncmp(name, "clone3", 6) == 0 && strstr(reason, "clone3") != NULL);

	if (!excused)
		fail_msg("%s is skipped: %s", name, reason);
	print_message("SKIP %s: %s\n", name, reason);
}

static void every_operation_does_its_work_and_leaves_nothing(void **state)
{
	cpu_set_t before, after;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		struct one_job one;
		int descriptors = entries_of("/proc/self/fd");

		one_job_begin(&one, NULL);
		int status = one_job_set_up(&one, operations[i].name);
		if (status == REAIM_SKIP)
			assert_excused(operations[i].name, one.job.reason);
		else if (status != REAIM_OK)
			fail_msg("%s: %s", operations[i].name, one.job.reason);
		assert_true(one.job.op->operations == operations[i].operations);
		assert_true(one.job.op->work_per_job >= (uint64_t)operations[i].operations);
		for (int j = 0; j < JOBS && status == REAIM_OK; j++)
			if (job_run(&one.job) != REAIM_OK)
				fail_msg("%s: %s", operations[i].name, one.job.reason);
		if (one_job_end(&one) != 0)
			fail_msg("%s left something behind", operations[i].name);
		assert_int_equal(entries_of("/proc/self/fd"), descriptors);
		assert_alone();
	}
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

/* Ends with `wanted` in setup or else the first job, says these words and leaves nothing. */
static void assert_ends(const char *name, int wanted, const char *words)
{
	struct one_job one;

	one_job_begin(&one, NULL);
	int status = one_job_set_up(&one, name);
	if (status == REAIM_OK)
		status = job_run(&one.job);
	fault_arm(NULL, 0);
	if (status != wanted)
		fail_msg("%s returned %d in spite of the fault: %s", name, status, one.job.reason);
	if (strstr(one.job.reason, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", name, one.job.reason, words);
	if (one_job_end(&one) != 0)
		fail_msg("%s left something behind after a failure", name);
}

static void a_proof_that_fails_is_an_error_with_its_name(void **state)
{
	static const struct {
		const char *fault;
		unsigned after; /* this many good calls */
		const char *name, *words;
	} faults[] = {
		{"futex", 0, "futex_lock", "futex: Invalid argument"},
		{"never_wait", 0, "futex_lock", "no thread ever waited for the lock"},
		{"pthread_create", 2, "futex_lock", "thread 3 of 4: Resource temporarily"},
		{"pthread_create", 1, "mmap_lock", "thread 2 of 4: Resource temporarily"},
		{"pthread_create", 99, "clone3_thread", "thread 1 of 1: Resource temporarily"},
		{"clone3", 30, "clone3_pidfd", "clone3: Resource temporarily unavailable"},
		{"mmap", 100, "mmap_lock", "mmap or munmap: Cannot allocate memory"},
		{"mmap", 0, "fault_4k", "mmap of 8388608 bytes: Cannot allocate memory"},
		{"count_nothing", 0, "mmap_lock", "0 page faults for 400 mappings"},
		{"count_nothing", 0, "fault_4k", "0 page faults for 2048 pages"},
		{"count_nothing", 0, "madvise", "0 page faults for 2048 pages"},
		{"count_many_faults", 0, "fault_thp", "the kernel gave 0 of 8 huge pages"},
		{"give_nothing_back", 3, "madvise", "given back still holds what it held"},
		{"change_what_pread_reads", 40, "memfd", "does not hold what was written"},
		{"write_a_sealed_file", 9, "memfd", "a sealed memfd was written to"},
		{"change_what_is_read", 77, "epoll", "a value nobody wrote"},
		{"close_in_read", 77, "epoll", "read from an eventfd: Bad file descriptor"},
		{"splice_nothing", 8, "pipe_splice", "the file ends at offset 262144"},
		{"splice_nothing", 9, "pipe_splice", "the pipe is empty with 65536 bytes"},
		{"send_no_descriptor", 30, "unix_socket", "came without its descriptor"},
		{"change_what_is_read", 3, "unix_socket", "of 25 descriptors arrived"},
		{"lose_a_queued_signal", 47, "signalfd", "15 of 16 signals arrived"},
		{"change_what_is_read", 5, "timerfd", "a timer expired 4294967"},
		{"stay_on_the_cpu", 7, "cpu_migrate", "not on CPU"},
		{"no_affinity", 0, "cpu_wakeup", "sched_setaffinity on CPU"},
		{"be_elsewhere", 1, "cpu_wakeup", "failed to stay on its CPU"},
		{"no_affinity", 5, "cpu_migrate", "Operation not permitted"},
		{"count_nothing", 0, "cpu_wakeup", "0 sleeps for 200 wake-ups"},
		{"change_what_is_read", 20, "cpu_wakeup", "failed to count wake-ups"},
		{"close_in_read", 20, "cpu_wakeup", ": Bad file descriptor"},
	};

	cpu_set_t cpus;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (CPU_COUNT(&cpus) < 2 && strncmp(faults[i].name, "cpu_", 4) == 0)
			continue;
		fault_arm(faults[i].fault, faults[i].after);
		assert_ends(faults[i].name, REAIM_ERROR, faults[i].words);
		/* The fault hits the way back too. */
		assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	}
}

static void what_a_kernel_lacks_is_a_skip_with_a_reason(void **state)
{
	(void)state;
	fault_arm("no_clone3", 0);
	assert_ends("clone3_thread", REAIM_SKIP, "clone3: Function not implemented");
	fault_arm("no_clone3", 0);
	assert_ends("clone3_pidfd", REAIM_SKIP, "clone3: Function not implemented");
}

static void one_cpu_is_a_skip(void **state)
{
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_ends("cpu_migrate", REAIM_SKIP, "only one CPU may be used");
	assert_ends("cpu_wakeup", REAIM_SKIP, "only one CPU may be used");
	assert_ends("futex_lock", REAIM_OK, ""); /* which contends there too */
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void no_descriptors_left_is_an_error(void **state)
{
	static const struct {
		const char *name;
		rlim_t descriptors;
	} cases[] = {{"epoll", 3},	 {"epoll", 20},	     {"memfd", 3},	 {"pipe_splice", 3},
		     {"pipe_splice", 6}, {"unix_socket", 3}, {"unix_socket", 6}, {"path_walk", 3},
		     {"getdents", 4},	 {"signalfd", 3},    {"timerfd", 3},	 {"cpu_wakeup", 4}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rlimit old, limit;
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
		limit = (struct rlimit){cases[i].descriptors, old.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_ends(cases[i].name, REAIM_ERROR, "Too many open files");
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	}
}

/* Put into the operation's own directory between its setup and its job. */
static void assert_disturbed(const char *name, const char *entry, const char *words)
{
	char path[SCRATCH_PATH_SIZE + 128];
	struct one_job one;

	one_job_begin(&one, NULL);
	assert_int_equal(one_job_set_up(&one, name), REAIM_OK);
	(void)snprintf(path, sizeof(path), "%s/%s", one.scratch.directories[0].path, entry);
	assert_int_equal(mkdir(path, 0700), 0);
	int status = job_run(&one.job);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(status, REAIM_ERROR);
	if (strstr(one.job.reason, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", name, one.job.reason, words);
	assert_int_equal(one_job_end(&one), 0);
}

static void a_directory_that_changes_is_an_error(void **state)
{
	char deepest[1024] = "tree.0.0";

	(void)state;
	for (int level = 0; level < 24; level++) {
		size_t length = strlen(deepest);
		(void)snprintf(deepest + length, sizeof(deepest) - length, "/level_%02d", level);
	}
	size_t length = strlen(deepest);
	(void)snprintf(deepest + length, sizeof(deepest) - length, "/absent");
	assert_disturbed("path_walk", deepest, "absent exists");
	assert_disturbed("getdents", "entries.0.0/entry_500", "which nobody made");
	assert_disturbed("getdents", "entries.0.0/stranger", "holds stranger, which nobody made");
}

static void an_entry_that_is_missing_is_an_error(void **state)
{
	char path[SCRATCH_PATH_SIZE + 128];
	struct one_job one;

	(void)state;
	one_job_begin(&one, NULL);
	assert_int_equal(one_job_set_up(&one, "getdents"), REAIM_OK);
	(void)snprintf(path, sizeof(path), "%s/entries.0.0/entry_250",
		       one.scratch.directories[0].path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(job_run(&one.job), REAIM_ERROR);
	assert_string_equal(one.job.reason, "did 9980 of 10000 in one job");
	assert_int_equal(one_job_end(&one), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_does_its_work_and_leaves_nothing),
		cmocka_unit_test(a_proof_that_fails_is_an_error_with_its_name),
		cmocka_unit_test(what_a_kernel_lacks_is_a_skip_with_a_reason),
		cmocka_unit_test(one_cpu_is_a_skip),
		cmocka_unit_test(no_descriptors_left_is_an_error),
		cmocka_unit_test(a_directory_that_changes_is_an_error),
		cmocka_unit_test(an_entry_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests_name("operations of today's kernels", tests, NULL, NULL);
}
