// SPDX-License-Identifier: GPL-2.0-or-later
/* A pass with real children, and a fork() that fails when told to. */
#include "complain.h"
#include "crew.h"
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

static const struct reaim_op working = {.name = "working", .work_per_job = 1, .run = work};

static struct settings settings;
static struct workfile workfile;
static struct plan plan;
static struct scratch scratch;

static int run_users(size_t users, struct board **board)
{
	struct monitor monitor = {0};
	struct pass pass = {.workfile = &workfile, .plan = &plan};

	settings_default(&settings);
	settings.no_sync = true;
	workfile = (struct workfile){
		.tests = {{.op = &working, .weight = 1}}, .count = 1, .total_weight = 1};
	scratch.count = 1;
	plan_build(&plan, &workfile, 10);
	*board = board_new(users, 1);
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
	assert_int_equal(run_users(5, &board), EXIT_DONE);
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
	assert_int_equal(run_users(5, &board), EXIT_FAILED);
	forks_left = -1;
	assert_non_null(strstr(first_complaint(), "child 3 of 5: fork: "));
	assert_int_equal(board_totals(board, 0, 0)->jobs, 0);
	assert_false(has_children());
	board_free(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_child_does_its_jobs),
		cmocka_unit_test(a_failed_fork_ends_those_that_came_before),
	};

	if (events_open() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
