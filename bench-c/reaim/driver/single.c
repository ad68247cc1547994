// SPDX-License-Identifier: GPL-2.0-or-later
/* The single-user mode: each sub-test alone, for a period, in a process of its own. */
#include "complain.h"
#include "crew.h"
#include "pass.h"
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NANOSECONDS = 1000000000 };

/* One child that sets `test` up and runs it for the period; with `probed`, a disk directory's
 * number, it only sets it up there. */
static int alone(struct run *run, size_t test, struct board *board, const size_t *probed)
{
	static struct plan plan;

	plan = (struct plan){.count = run->workfile.count, .jobs = 1};
	plan.loads[test] = 1;
	struct pass pass = run_pass_of(run, &plan, board, 1);
	pass.period_ns = (uint64_t)run->settings->period_s * NANOSECONDS;
	pass.only_test = test;
	pass.probe = probed != NULL;
	pass.directory = probed != NULL ? *probed : 0;
	if (run->workfile.tests[test].op->kind == REAIM_DISK && pass.around.blocks == 0)
		return complain(EXIT_FAILED, "%s needs a file: set FILESIZE",
				run->workfile.tests[test].op->name);
	return pass.probe ? pass_run(&pass, &run->monitor) : run_watched(run, &pass);
}

static int one_test(struct run *run, size_t test, struct outcome *outcome)
{
	size_t ignored = 0;
	struct board *board = board_new(1, run->workfile.count);

	if (board == NULL)
		return complain(EXIT_FAILED, "no memory for a user: %s", strerror(errno));
	outcome->test = test;
	outcome->blocks = workfile_blocks(run->file_bytes, run->pool_bytes, 1);
	outcome->status = alone(run, test, board, NULL);
	if (outcome->status == EXIT_DONE) {
		outcome_of_test(outcome, board, &run->workfile.tests[test]);
		return EXIT_DONE;
	}
	const char *reason = outcome->status == EXIT_SKIPPED ? pass_skip_reason(board, &ignored)
							     : board->seats[0].reason;
	(void)snprintf(outcome->reason, sizeof(outcome->reason), "%s", reason);
	board_free(board);
	return outcome->status;
}

/* A failed sub-test makes the run an error, but the others still get their figures; only an
 * interrupt ends it. */
int run_single(struct run *run, size_t repetition)
{
	size_t done = 0;
	size_t failed = 0;

	records_begin_tests(&run->records, run->settings, &run->workfile);
	for (size_t i = 0; i < run->workfile.count && event_interrupt() == 0; i++) {
		if (run->workfile.tests[i].weight == 0)
			continue;
		struct outcome *outcome = outcomes_add(&run->outcomes);
		if (outcome == NULL)
			return complain(EXIT_FAILED, "no memory for the results");
		outcome->repetition = repetition;
		int status = one_test(run, i, outcome);
		done += status == EXIT_DONE;
		failed += status == EXIT_FAILED;
		records_test(&run->records, outcome, &run->workfile.tests[i]);
		if (!run->settings->json)
			outcome_free(outcome);
	}
	records_end_tests(&run->records);
	if (failed > 0 || event_interrupt() != 0)
		return EXIT_FAILED;
	return done > 0 ? EXIT_DONE : EXIT_SKIPPED;
}

static void take_out(struct run *run, size_t test, const struct skipped *skipped)
{
	run->skipped[run->skipped_count++] = *skipped;
	warn("%s is left out: %s", skipped->op->name, skipped->reason);
	workfile_remove(&run->workfile, test);
}

/* Disk directories may be on file systems that differ. */
static int probe_everywhere(struct run *run, size_t test, struct skipped *skipped)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < run->scratch.count && status == EXIT_DONE; i++) {
		size_t ignored = 0;
		struct board *board = board_new(1, run->workfile.count);
		if (board == NULL)
			return complain(EXIT_FAILED, "no memory for a user: %s", strerror(errno));
		status = alone(run, test, board, &i);
		(void)snprintf(skipped->reason, sizeof(skipped->reason), "%s",
			       pass_skip_reason(board, &ignored));
		board_free(board);
	}
	return status;
}

int run_probe(struct run *run)
{
	size_t test = 0;

	while (test < run->workfile.count) {
		struct skipped skipped = {.op = run->workfile.tests[test].op};
		int status = probe_everywhere(run, test, &skipped);
		if (status == EXIT_SKIPPED)
			take_out(run, test, &skipped);
		else if (status == EXIT_DONE)
			test++;
		else
			return status;
	}
	return run->workfile.total_weight > 0 ? EXIT_DONE : EXIT_SKIPPED;
}
