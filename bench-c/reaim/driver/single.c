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

/* One child that sets `test` up and, unless it is a probe, runs it for the period. */
static int alone(struct run *run, size_t test, struct board *board, bool probe)
{
	static struct plan plan;

	plan = (struct plan){.count = run->workfile.count, .jobs = 1};
	plan.loads[test] = 1;
	struct pass pass = run_pass_of(run, &plan, board, 1);
	pass.period_ns = (uint64_t)run->settings->period_s * NANOSECONDS;
	pass.only_test = test;
	pass.probe = probe;
	if (run->workfile.tests[test].op->kind == REAIM_DISK && pass.around.blocks == 0)
		return complain(EXIT_FAILED, "%s needs a file: set FILESIZE",
				run->workfile.tests[test].op->name);
	return probe ? pass_run(&pass, &run->monitor) : run_watched(run, &pass);
}

static int one_test(struct run *run, size_t test, struct outcome *outcome)
{
	size_t ignored = 0;
	struct board *board = board_new(1, run->workfile.count);

	if (board == NULL)
		return complain(EXIT_FAILED, "no memory for a user: %s", strerror(errno));
	outcome->test = test;
	outcome->blocks = workfile_blocks(run->file_bytes, run->pool_bytes, 1);
	outcome->status = alone(run, test, board, false);
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

static void take_out(struct run *run, size_t test, const char *reason)
{
	struct workfile *workfile = &run->workfile;
	struct skipped *skipped = &run->skipped[run->skipped_count++];

	skipped->op = workfile->tests[test].op;
	(void)snprintf(skipped->reason, sizeof(skipped->reason), "%s", reason);
	warn("%s is left out: %s", skipped->op->name, reason);
	workfile_remove(workfile, test);
}

int run_probe(struct run *run)
{
	size_t test = 0;

	while (test < run->workfile.count) {
		size_t ignored = 0;
		struct board *board = board_new(1, run->workfile.count);
		if (board == NULL)
			return complain(EXIT_FAILED, "no memory for a user: %s", strerror(errno));
		int status = alone(run, test, board, true);
		if (status == EXIT_SKIPPED)
			take_out(run, test, pass_skip_reason(board, &ignored));
		else
			test++;
		board_free(board);
		if (status == EXIT_FAILED)
			return EXIT_FAILED;
	}
	return run->workfile.total_weight > 0 ? EXIT_DONE : EXIT_SKIPPED;
}
