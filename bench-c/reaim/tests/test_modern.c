// SPDX-License-Identifier: GPL-2.0-or-later
/* Each operation of today's kernels does its work and leaves nothing behind; and one whose
 * proof of work fails is an error with a name, never a figure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_faults.h"

#include "job_checks.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const struct trouble in_peace;

static const struct counted operations[] = {
	{"clone3_pidfd", 50}, {"clone3_thread", 100}, {"cpu_migrate", 100}, {"cpu_wakeup", 200},
	{"epoll", 2000},      {"fault_4k", 2048},     {"fault_thp", 8},	    {"futex_lock", 2000},
	{"getdents", 10000},  {"madvise", 2048},      {"memfd", 100},	    {"mmap_lock", 400},
	{"path_walk", 1040},  {"pipe_splice", 4096},  {"signalfd", 1024},   {"timerfd", 250},
	{"unix_socket", 500},
};

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
static bool is_excuse(const char *name, const char *reason)
{
	return (strncmp(name, "cpu_", 4) == 0 && strstr(reason, "only one CPU") != NULL) ||
	       (strcmp(name, "fault_thp") == 0 && strstr(reason, "huge pages") != NULL) ||
	       (strncmp(name, "clone3", 6) == 0 && strstr(reason, "clone3") != NULL);
}

static void every_operation_does_its_work_and_leaves_nothing(void **state)
{
	cpu_set_t before, after;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		assert_does_its_work(&operations[i], is_excuse);
		const struct reaim_op *op = catalogue_find(operations[i].name);
		assert_true(op->work_per_job >= (uint64_t)operations[i].operations);
		assert_alone();
	}
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
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
		assert_ends(faults[i].name, REAIM_ERROR, faults[i].words, &in_peace);
		/* The fault hits the way back too. */
		assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	}
}

static void what_a_kernel_lacks_is_a_skip_with_a_reason(void **state)
{
	static const char *const names[] = {"clone3_thread", "clone3_pidfd"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		fault_arm("no_clone3", 0);
		assert_ends(names[i], REAIM_SKIP, "clone3: Function not implemented", &in_peace);
		fault_arm("refuse_clone3", 0);
		assert_ends(names[i], REAIM_SKIP, "clone3: Operation not permitted", &in_peace);
	}
}

static void huge_pages_that_are_off_are_a_skip(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	assert_ends("fault_thp", REAIM_SKIP, "huge pages", &in_peace);
	assert_int_equal(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
}

static void one_cpu_is_a_skip(void **state)
{
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_ends("cpu_migrate", REAIM_SKIP, "only one CPU may be used", &in_peace);
	assert_ends("cpu_wakeup", REAIM_SKIP, "only one CPU may be used", &in_peace);
	assert_ends("futex_lock", REAIM_OK, "", &in_peace); /* which contends there too */
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
		const struct trouble few = {
			.resource = RLIMIT_NOFILE, .limited = true, .limit = cases[i].descriptors};
		assert_ends(cases[i].name, REAIM_ERROR, "Too many open files", &few);
	}
}

static void few_pending_signals_are_enough_and_none_is_an_error(void **state)
{
	struct trouble few = {.resource = RLIMIT_SIGPENDING, .limited = true, .limit = 5};

	(void)state;
	assert_ends("signalfd", REAIM_OK, "", &few);
	few.limit = 0;
	assert_ends("signalfd", REAIM_ERROR, "limited by RLIMIT_SIGPENDING", &few);
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
		cmocka_unit_test(huge_pages_that_are_off_are_a_skip),
		cmocka_unit_test(one_cpu_is_a_skip),
		cmocka_unit_test(no_descriptors_left_is_an_error),
		cmocka_unit_test(few_pending_signals_are_enough_and_none_is_an_error),
		cmocka_unit_test(a_directory_that_changes_is_an_error),
		cmocka_unit_test(an_entry_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests_name("operations of today's kernels", tests, NULL, NULL);
}
