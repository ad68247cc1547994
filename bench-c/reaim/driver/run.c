// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.h"

#include "cache.h"
#include "capacity.h"
#include "complain.h"
#include "crew.h"
#include "pass.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct pass run_pass_of(struct run *run, const struct plan *plan, struct board *board, size_t users)
{
	const struct settings *settings = run->settings;

	return (struct pass){
		.around = {.settings = settings,
			   .scratch = &run->scratch,
			   .users = users,
			   .blocks = workfile_blocks(run->file_bytes, run->pool_bytes, users),
			   .cache_bytes = cache_share(settings->cache_fraction, users),
			   .null_fd = run->null_fd},
		.workfile = &run->workfile,
		.plan = plan,
		.board = board,
	};
}

static int complain_of_skip(const struct run *run, const struct board *board)
{
	size_t test = 0;
	const char *reason = pass_skip_reason(board, &test);

	return complain(EXIT_FAILED, "%s cannot run here: %s (--skip-unavailable leaves it out)",
			run->workfile.tests[test].op->name, reason);
}

int run_watched(struct run *run, struct pass *pass)
{
	int status = monitor_call(&run->monitor, MONITOR_SETUP, pass->around.users);

	if (status == EXIT_DONE)
		status = pass_run(pass, &run->monitor);
	if (status == EXIT_DONE)
		status = monitor_call(&run->monitor, MONITOR_REPORT, pass->around.users);
	return status;
}

static int one_pass(struct run *run, size_t repetition, size_t users, struct outcome **done)
{
	static struct plan plan;

	plan_build(&plan, &run->workfile, (size_t)run->settings->jobs);
	int status = capacity_check(users, &run->workfile, &plan);
	if (status != EXIT_DONE)
		return status;
	struct board *board = board_new(users, run->workfile.count);
	if (board == NULL)
		return complain(EXIT_FAILED, "no memory for %zu users: %s", users, strerror(errno));
	struct pass pass = run_pass_of(run, &plan, board, users);
	if (workfile_has_disk_tests(&run->workfile) && pass.around.blocks == 0) {
		board_free(board);
		return complain(EXIT_FAILED,
				"the disk files of %zu users would be empty: set FILESIZE or a "
				"larger POOLSIZE",
				users);
	}
	status = run_watched(run, &pass);
	if (status == EXIT_SKIPPED)
		status = complain_of_skip(run, board);
	*done = status == EXIT_DONE ? outcomes_add(&run->outcomes) : NULL;
	if (*done == NULL) {
		board_free(board);
		return status == EXIT_DONE ? complain(EXIT_FAILED, "no memory for the results")
					   : status;
	}
	(*done)->repetition = repetition;
	(*done)->blocks = pass.around.blocks;
	outcome_of_pass(*done, board, &plan);
	return EXIT_DONE;
}

static struct course course_of(const struct settings *settings)
{
	bool open_ended = settings->crossover || settings->quick || settings->guess_peak;
	long last = settings->end_users;

	if (last == 0 && !open_ended)
		last = settings->start_users;
	return (struct course){
		.end_users = last,
		.threshold_jpm = settings->quick       ? QUICK_JPM
				 : settings->crossover ? CROSSOVER_JPM
						       : 0,
		.guess_peak = settings->guess_peak,
		.adaptive = !settings->timer_off,
	};
}

/* A pass that is sure to come but cannot be run ends the run before it begins. */
static int check_last_pass(const struct run *run, const struct course *course)
{
	static struct plan plan;

	if (course->end_users == 0 || course->threshold_jpm > 0 || course->guess_peak)
		return EXIT_DONE;
	plan_build(&plan, &run->workfile, (size_t)run->settings->jobs);
	return capacity_check((size_t)course->end_users, &run->workfile, &plan);
}

static int series(struct run *run, size_t repetition)
{
	struct course course = course_of(run->settings);
	struct progress progress = {.users = run->settings->start_users,
				    .increment = run->settings->increment};

	int checked = check_last_pass(run, &course);
	if (checked != EXIT_DONE)
		return checked;
	records_begin_passes(&run->records);
	do {
		struct outcome *outcome = NULL;
		size_t users = (size_t)progress.users;
		int status = one_pass(run, repetition, users, &outcome);
		if (status != EXIT_DONE)
			return status;
		run->ended = progress_after(&progress, &course, outcome->figures.jpm,
					    outcome->figures.jpm_per_child, outcome->parent_s);
		outcome->increment = progress.increment;
		records_pass(&run->records, outcome, &run->workfile);
		if (!run->settings->json)
			outcome_free(outcome);
	} while (run->ended == NULL);
	return EXIT_DONE;
}

static int repetition_of(struct run *run, size_t repetition)
{
	int status = records_open(&run->records, run->settings, repetition);

	if (status == EXIT_DONE) {
		records_preamble(&run->records, run->settings, &run->workfile);
		status = run->settings->one_user ? run_single(run, repetition)
						 : series(run, repetition);
	}
	if (status == EXIT_FAILED)
		records_partial(&run->records);
	else if (!run->settings->one_user)
		records_maximum(&run->records, outcomes_best(&run->outcomes, repetition),
				run->ended);
	int closed = records_close(&run->records);
	return status == EXIT_DONE ? closed : status;
}

static int prepare(struct run *run)
{
	int status = capacity_check_descriptors(run->settings);

	run->null_fd = -1;
	if (status != EXIT_DONE)
		return status;
	run->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (run->null_fd < 0 || events_open() != 0)
		return complain(EXIT_FAILED, "cannot start: %s", strerror(errno));
	status = scratch_create(&run->scratch, run->settings);
	if (status == EXIT_DONE)
		status = cache_make_files(&run->scratch, run->settings);
	if (status == EXIT_DONE && run->settings->skip_unavailable)
		status = run_probe(run);
	return status;
}

int run_everything(struct run *run)
{
	int status = prepare(run);

	run->monitor = (struct monitor){.tool = run->settings->monitor,
					.arguments = run->settings->monitor_arguments,
					.timeout_s = run->settings->monitor_timeout_s};
	for (long i = 1; i <= run->settings->repeat && status == EXIT_DONE; i++)
		status = repetition_of(run, (size_t)i);
	int removed = scratch_remove(&run->scratch);
	run->status = status == EXIT_DONE ? removed : status;
	return run->status;
}

void run_free(struct run *run)
{
	outcomes_free(&run->outcomes);
	if (run->null_fd >= 0)
		(void)close(run->null_fd);
}
