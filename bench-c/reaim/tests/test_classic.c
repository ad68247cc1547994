// SPDX-License-Identifier: GPL-2.0-or-later
/* Every classic operation does its work, counts what the released program counts, and leaves
 * nothing behind; and whatever fails in it is an error with a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faults.h"
#include "job_checks.h"

#include <signal.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

/* Operations per call, as released. */
static const struct counted released[] = {
	{"add_double", 18000}, {"add_float", 12000},  {"add_long", 60000},   {"add_int", 60000},
	{"add_short", 24000},  {"creat_clo", 1000},   {"page_test", 1700},   {"brk_test", 17000},
	{"jmp_test", 1000},    {"signal_test", 1000}, {"exec_test", 5},	     {"fork_test", 100},
	{"link_test", 63},     {"div_double", 3000},  {"div_float", 3000},   {"div_long", 900},
	{"div_int", 900},      {"div_short", 900},    {"fun_cal", 512000},   {"fun_cal1", 512000},
	{"fun_cal2", 512000},  {"fun_cal15", 512000}, {"sieve", 5},	     {"mul_double", 12000},
	{"mul_float", 12000},  {"mul_long", 240},     {"mul_int", 240},	     {"mul_short", 300},
	{"num_rtns_1", 100},   {"new_raph", 200},     {"trig_rtns", 10000},  {"matrix_rtns", 100},
	{"array_rtns", 20},    {"string_rtns", 100},  {"mem_rtns_1", 30000}, {"mem_rtns_2", 100},
	{"sort_rtns_1", 10},   {"misc_rtns_1", 10},   {"dir_rtns_1", 10000}, {"shell_rtns_1", 1},
	{"shell_rtns_2", 1},   {"shell_rtns_3", 1},   {"series_1", 100},     {"shared_memory", 100},
	{"tcp_test", 90},      {"udp_test", 100},     {"stream_pipe", 100},  {"dgram_pipe", 100},
	{"pipe_cpy", 100},     {"fifo_test", 100},    {"ram_copy", 25020},
};

static bool nothing_excuses(const char *name, const char *reason)
{
	(void)name;
	(void)reason;
	return false;
}

static void every_operation_does_its_work_and_leaves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(released) / sizeof(released[0]); i++)
		assert_does_its_work(&released[i], nothing_excuses);
}

static void shell_rtns_2_sleeps_only_to_be_compatible(void **state)
{
	struct one_job one;

	(void)state;
	for (int compat = 0; compat <= 1; compat++) {
		fault_arm(NULL, 0);
		one_job_begin(&one, NULL);
		one.settings.compat = compat == 1;
		assert_int_equal(one_job_set_up(&one, "shell_rtns_2"), REAIM_OK);
		assert_int_equal(job_run(&one.job), REAIM_OK);
		assert_int_equal(one_job_end(&one), 0);
		assert_int_equal(fault_seconds_slept(), compat * 5);
	}
}

static void a_failing_call_is_an_error_with_its_name(void **state)
{
	static const struct {
		const char *call;
		unsigned after; /* this many good ones */
		const char *name, *words;
	} faults[] = {
		{"close_in_read", 50, "pipe_cpy", "read: Bad file descriptor"},
		{"close_in_read", 50, "fifo_test", "read: Bad file descriptor"},
		{"close_in_read", 50, "stream_pipe", "read: Bad file descriptor"},
		{"close_in_read", 50, "dgram_pipe", "read: Bad file descriptor"},
		{"close_in_read", 50, "tcp_test", "read: Bad file descriptor"},
		{"close_in_read", 50, "udp_test", "read: Bad file descriptor"},
		{"close_in_write", 50, "pipe_cpy", "write: Bad file descriptor"},
		{"change_what_is_read", 99, "pipe_cpy", "message 99 arrived as another"},
		{"change_what_is_read", 99, "udp_test", "message 99 arrived as another"},
		{"change_what_is_read", 0, "shell_rtns_1", "the script said"},
		{"link", 30, "link_test", "link "},
		{"lose_a_link", 30, "link_test", "has 3 names instead of 8"},
		{"lose_a_signal", 999, "signal_test", "signal 999 was trapped 0 times"},
		{"fork", 99, "fork_test", "fork: Resource temporarily unavailable"},
		{"fork", 4, "exec_test", "fork: Resource temporarily unavailable"},
		{"fork", 0, "shell_rtns_3", "fork: Resource temporarily unavailable"},
		{"execve", 0, "exec_test", "status 13 instead of 255 (Permission denied)"},
		{"execve", 0, "shell_rtns_2", "exited with status"},
		{"shmget", 3, "shared_memory", "shmget: No space left on device"},
		{"semget", 0, "shared_memory", "semget: No space left on device"},
		{"semop", 200, "shared_memory", "semop: Identifier removed"},
		{"do_not_sort", 9, "sort_rtns_1", "qsort left elements unsorted"},
		{"wrong_sine", 999, "trig_rtns", "trigonometric functions disagree"},
		{"wrong_exponential", 1999, "num_rtns_1", "numeric functions disagree"},
		{"wrong_exponential", 49, "series_1", "the exponential series is wrong"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fault_arm(faults[i].call, faults[i].after);
		assert_ends(faults[i].name, REAIM_ERROR, faults[i].words, &(struct trouble){0});
	}
}

static void no_descriptors_left_is_an_error(void **state)
{
	static const char *const names[] = {
		"pipe_cpy", "fifo_test", "stream_pipe", "dgram_pipe", "tcp_test",
		"udp_test", "creat_clo", "link_test",	"dir_rtns_1", "shell_rtns_1"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_ends(
			names[i], REAIM_ERROR, "Too many open files",
			&(struct trouble){.resource = RLIMIT_NOFILE, .limited = true, .limit = 3});
	}
}

static void a_break_that_cannot_move_is_an_error(void **state)
{
	const struct trouble no_data = {.resource = RLIMIT_DATA, .limited = true, .limit = 0};

	(void)state;
	assert_ends("brk_test", REAIM_ERROR, "sbrk: Cannot allocate memory", &no_data);
	assert_ends("page_test", REAIM_ERROR, "sbrk: Cannot allocate memory", &no_data);
}

static void a_script_that_may_not_write_is_an_error(void **state)
{
	const struct trouble no_files = {.resource = RLIMIT_FSIZE, .limited = true, .limit = 0};

	(void)state;
	assert_ends("shell_rtns_2", REAIM_ERROR, "a helper ", &no_files);
	assert_ends("shell_rtns_3", REAIM_ERROR, "the script said", &no_files);
}

static void a_full_file_system_is_an_error(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{"creat_clo", "creation of "},
		{"link_test", "link "},
		{"fifo_test", "mkfifo "},
		{"dir_rtns_1", "creation of "},
	};
	char path[] = "/tmp/reaim-full-XXXXXX";

	(void)state;
	make_mount_point(path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* link_test and dir_rtns_1 get one file or directory made before it is full. */
		const char *inodes = i % 2 == 0 ? "nr_inodes=1" : "nr_inodes=2";
		assert_int_equal(mount("full", path, "tmpfs", 0, inodes), 0);
		assert_ends(cases[i].name, REAIM_ERROR, cases[i].words,
			    &(struct trouble){.directory = path});
		assert_int_equal(umount(path), 0);
	}
	assert_int_equal(rmdir(path), 0);
}

/* The last test: a name space of one's own has no other network. */
static void a_network_without_loopback_is_a_skip(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) != 0) {
		print_message("SKIP: no network of one's own here: %s\n", strerror(errno));
		skip();
	}
	assert_ends("tcp_test", REAIM_SKIP, "lo is down", &(struct trouble){0});
	assert_ends("udp_test", REAIM_SKIP, "lo is down", &(struct trouble){0});
	assert_ends("stream_pipe", REAIM_OK, "", &(struct trouble){0});
}

static bool has_segment_of(pid_t pid)
{
	struct shm_info system;
	struct shmid_ds segment;
	int last_index = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&system);

	for (int i = 0; i <= last_index; i++)
		if (shmctl(i, SHM_STAT, &segment) >= 0 && segment.shm_cpid == pid)
			return true;
	return false;
}

/* Killed in a job; it stays a zombie until it is reaped. */
static pid_t killed_by(struct one_job *one, const char *fault, unsigned after)
{
	siginfo_t end;
	pid_t pid = fork();

	if (pid == 0) {
		fault_arm(fault, after);
		_exit(job_run(&one->job));
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
	assert_true(end.si_code == CLD_KILLED && end.si_status == SIGKILL);
	return pid;
}

static void a_killed_process_leaves_nothing_shared_for_long(void **state)
{
	static const struct {
		const char *fault;
		unsigned after;
		bool leaves_a_segment;
	} cases[] = {{"die_in_semop", 10, false}, {"die_in_shmat", 2, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct one_job one;

		one_job_begin(&one, NULL);
		assert_int_equal(one_job_set_up(&one, "shared_memory"), REAIM_OK);
		pid_t pid = killed_by(&one, cases[i].fault, cases[i].after);
		key_t key = 0x6b000000 | pid;
		assert_true(semget(key, 0, 0) >= 0); /* or there is nothing to show */
		assert_true(has_segment_of(pid) == cases[i].leaves_a_segment);
		job_tear_down(&one.job);
		assert_int_equal(one_job_set_up(&one, "shared_memory"), REAIM_OK);
		assert_true(semget(key, 0, 0) < 0 && errno == ENOENT);
		assert_false(has_segment_of(pid));
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(one_job_end(&one), 0);
	}
}

/* A set of one semaphore under such a key is somebody else's, whoever is dead. */
static void semaphores_of_others_stay(void **state)
{
	struct one_job one;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	int foreign = semget(0x6b000000 | pid, 1, IPC_CREAT | IPC_EXCL | 0600);
	int own_key = semget(0x6b000000 | getpid(), 1, IPC_CREAT | IPC_EXCL | 0600);
	assert_true(foreign >= 0 && own_key >= 0);
	one_job_begin(&one, NULL);
	assert_int_equal(one_job_set_up(&one, "shared_memory"), REAIM_OK);
	assert_int_equal(job_run(&one.job), REAIM_ERROR);
	assert_string_equal(one.job.reason, "semget: File exists");
	assert_int_equal(one_job_end(&one), 0);
	assert_int_equal(semctl(foreign, 0, IPC_RMID), 0);
	assert_int_equal(semctl(own_key, 0, IPC_RMID), 0);
}

static void what_a_machine_lacks_is_a_skip_with_a_reason(void **state)
{
	(void)state;
	fault_arm("no_semaphores", 0);
	assert_ends("shared_memory", REAIM_SKIP, "no System V IPC", &(struct trouble){0});
	fault_arm("no_shell", 0);
	assert_ends("shell_rtns_1", REAIM_SKIP, "/bin/sh: No such file", &(struct trouble){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_does_its_work_and_leaves_nothing),
		cmocka_unit_test(shell_rtns_2_sleeps_only_to_be_compatible),
		cmocka_unit_test(a_failing_call_is_an_error_with_its_name),
		cmocka_unit_test(no_descriptors_left_is_an_error),
		cmocka_unit_test(a_break_that_cannot_move_is_an_error),
		cmocka_unit_test(a_script_that_may_not_write_is_an_error),
		cmocka_unit_test(what_a_machine_lacks_is_a_skip_with_a_reason),
		cmocka_unit_test(a_killed_process_leaves_nothing_shared_for_long),
		cmocka_unit_test(semaphores_of_others_stay),
		cmocka_unit_test(a_full_file_system_is_an_error),
		cmocka_unit_test(a_network_without_loopback_is_a_skip),
	};

	return cmocka_run_group_tests_name("classic operations", tests, NULL, NULL);
}
