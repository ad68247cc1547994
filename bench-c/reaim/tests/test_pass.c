// SPDX-License-Identifier: GPL-2.0-or-later
/* A pass with real children, and a fork() that fails when told to. */
#include "complain.h"
#include "crew.h"
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int forks_left = -1; /* -1: any number */

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
	if (forks_left == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (forks_left > 0)
		forks_left--;
	return __real_fork();
}

static int work(struct reaim_job *job)
{
	reaim_did(job, 1);
	return REAIM_OK;
}

/* What the last user does when all others have ended. */
enum late_end { LATE_WORK, LATE_FAILURE, LATE_SKIP, LATE_EXIT, LATE_KILL, LATE_HANG };

static enum late_end late_end;
static struct board *board_of_late;
static uint64_t *torn_down_ns; /* by user; shared with them */

static int work_late(struct reaim_job *job)
{
	reaim_did(job, 1);
	if (job->user->number + 1 < board_of_late->users)
		return REAIM_OK;
	while (atomic_load(&board_of_late->ended) + 1 < board_of_late->users)
		(void)usleep(1000);
	switch (late_end) {
	case LATE_WORK:
		break;
	case LATE_FAILURE:
		return reaim_fail(job, "late");
	case LATE_SKIP:
		return reaim_skip(job, "late");
	case LATE_EXIT:
		_exit(0);
	case LATE_KILL:
		return raise(SIGKILL);
	case LATE_HANG:
		return pause();
	}
	return REAIM_OK;
}

static void note_tear_down(struct reaim_job *job)
{
	torn_down_ns[job->user->number] = monotonic_ns();
}

static const struct reaim_op working = {.name = "working", .work_per_job = 1, .run = work};
static const struct reaim_op working_late = {
	.name = "working_late", .work_per_job = 1, .run = work_late, .teardown = note_tear_down};

static struct settings settings;
static struct workfile workfile;
static struct plan plan;
static struct scratch scratch;

static int run_users(const struct reaim_op *op, size_t users, struct board **board)
{
	struct monitor monitor = {0};
	struct pass pass = {.workfile = &workfile, .plan = &plan};

	settings_default(&settings);
	settings.no_sync = true;
	settings.timeout_s = 2;
	workfile = (struct workfile){
		.tests = {{.op = op, .weight = 1}}, .count = 1, .total_weight = 1};
	scratch.count = 1;
	plan_build(&plan, &workfile, 10);
	*board = board_new(users, 1);
	board_of_late = *board;
	pass.board = *board;
	pass.around = (struct surroundings){
		.settings = &settings, .scratch = &scratch, .users = users, .null_fd = -1};
	pass.around.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = pass_run(&pass, &monitor);
	(void)close(pass.around.null_fd);
	return status;
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static void every_child_does_its_jobs(void **state)
{
	struct board *board = NULL;

	(void)state;
	assert_int_equal(run_users(&working, 5, &board), EXIT_DONE);
	for (size_t i = 0; i < 5; i++) {
		const struct seat *seat = &board->seats[i];
		assert_int_equal(board_totals(board, i, 0)->jobs, 10);
		assert_true(seat->start_ns >= board->start_ns);
		assert_true(seat->end_ns > seat->start_ns);
	}
	assert_int_equal(histogram_total(&board->histograms[0]), 50);
	assert_false(has_children());
	board_free(board);
}

static void a_failed_fork_ends_those_that_came_before(void **state)
{
	struct board *board = NULL;

	(void)state;
	forks_left = 3;
	assert_int_equal(run_users(&working, 5, &board), EXIT_FAILED);
	forks_left = -1;
	assert_non_null(strstr(first_complaint(), "child 3 of 5: fork: "));
	assert_int_equal(board_totals(board, 0, 0)->jobs, 0);
	assert_false(has_children());
	board_free(board);
}

static void nobody_starts_before_the_last_has_come(void **state)
{
	struct board *board = board_new(2, 1);

	(void)state;
	assert_non_null(board);
	board_start(board);
	pid_t pid = fork();
	if (pid == 0) {
		board_wait_for_start(board);
		board->seats[0].start_ns = monotonic_ns();
		_exit(0);
	}
	assert_true(pid > 0);
	(void)usleep(20 * 1000);
	uint64_t last_came_ns = monotonic_ns();
	board_wait_for_start(board);
	assert_int_equal(reap(pid), 0);
	assert_true(board->seats[0].start_ns > last_came_ns);
	board_free(board);
}

static void nobody_cleans_up_before_the_last_has_ended(void **state)
{
	struct board *board = NULL;

	(void)state;
	late_end = LATE_WORK;
	assert_int_equal(run_users(&working_late, 5, &board), EXIT_DONE);
	uint64_t last_end_ns = board->seats[4].end_ns;
	for (size_t i = 0; i < 5; i++) {
		assert_true(torn_down_ns[i] > last_end_ns);
		if (i < 4)
			assert_true(board->seats[i].end_ns < last_end_ns);
	}
	board_free(board);
}

/* However the last one ends, those that wait for it end with the pass. */
static void who_waits_does_not_outlive_a_broken_pass(void **state)
{
	static const struct {
		enum late_end end;
		int status;
	} cases[] = {
		{LATE_FAILURE, EXIT_FAILED}, {LATE_SKIP, EXIT_SKIPPED}, {LATE_EXIT, EXIT_FAILED},
		{LATE_KILL, EXIT_FAILED},    {LATE_HANG, EXIT_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct board *board = NULL;
		late_end = cases[i].end;
		assert_int_equal(run_users(&working_late, 5, &board), cases[i].status);
		for (size_t user = 0; user < 4; user++)
			assert_int_equal(atomic_load(&board->seats[user].state), SEAT_ENDED);
		assert_false(has_children());
		board_free(board);
	}
}

static void an_eighth_is_told_once(void **state)
{
	(void)state;
	for (size_t users = 1; users < 40; users++) {
		struct board *board = board_new(users, 1);
		size_t told_at = 0;
		assert_non_null(board);
		for (size_t ended = 1; ended <= users; ended++) {
			bool told = board_end(board);
			assert_false(told && told_at != 0);
			told_at = told ? ended : told_at;
			assert_true(board_is_eighth_done(board) == (told_at != 0));
		}
		assert_int_equal(told_at, (users + 7) / 8);
		board_free(board);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_child_does_its_jobs),
		cmocka_unit_test(a_failed_fork_ends_those_that_came_before),
		cmocka_unit_test(nobody_starts_before_the_last_has_come),
		cmocka_unit_test(nobody_cleans_up_before_the_last_has_ended),
		cmocka_unit_test(who_waits_does_not_outlive_a_broken_pass),
		cmocka_unit_test(an_eighth_is_told_once),
	};

	torn_down_ns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (torn_down_ns == MAP_FAILED)
		return 1;
	if (events_open() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
