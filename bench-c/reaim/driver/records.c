// SPDX-License-Identifier: GPL-2.0-or-later
#include "records.h"

#include "complain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

static FILE *open_file(const struct records *records, const char *suffix, int *status)
{
	char path[PREFIX_SIZE + 16];

	(void)snprintf(path, sizeof(path), "%s%s", records->prefix, suffix);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		*status = complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	return file;
}

/* The released program writes single-user results to one fixed name. */
static FILE *open_tests(struct records *records, const struct settings *settings, int *status)
{
	if (!settings->compat)
		return open_file(records, ".ss", status);
	FILE *file = fopen("singleuser.ss", "we");
	if (file == NULL)
		*status = complain(EXIT_FAILED, "singleuser.ss: %s", strerror(errno));
	return file;
}

int records_open(struct records *records, const struct settings *settings, size_t repetition)
{
	int status = EXIT_DONE;
	int length = 0;

	*records = (struct records){.debug_level = settings->debug, .verbose = settings->verbose};
	if (settings->repeat == 1)
		length = snprintf(records->prefix, PREFIX_SIZE, "%s", settings->log_prefix);
	else
		length = snprintf(records->prefix, PREFIX_SIZE, "%s.%zu", settings->log_prefix,
				  repetition);
	if (length < 0 || length >= PREFIX_SIZE)
		return complain(EXIT_FAILED, "--logprefix is too long");
	records->screen = settings->json && settings->json_path == NULL ? NULL : stdout;
	records->log = open_file(records, ".log", &status);
	if (status == EXIT_DONE && settings->one_user)
		records->tests = open_tests(records, settings, &status);
	else if (status == EXIT_DONE)
		records->csv = open_file(records, ".csv", &status);
	if (status == EXIT_DONE && settings->debug > 0)
		records->debug = open_file(records, ".debuglog", &status);
	if (status == EXIT_DONE && settings->brief)
		records->summary = open_file(records, ".summary", &status);
	if (status == EXIT_DONE && settings->brief)
		records->html = open_file(records, ".html", &status);
	return status;
}

static int close_file(FILE *file)
{
	bool failed;

	if (file == NULL)
		return EXIT_DONE;
	errno = 0;
	failed = ferror(file) != 0;
	if (fclose(file) != 0)
		failed = true;
	return failed ? complain(EXIT_FAILED, "a result file could not be written: %s",
				 strerror(errno))
		      : EXIT_DONE;
}

int records_close(struct records *records)
{
	FILE *files[] = {records->log,	 records->csv,	   records->tests,
			 records->debug, records->summary, records->html};
	int status = EXIT_DONE;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (close_file(files[i]) != EXIT_DONE)
			status = EXIT_FAILED;
	if (records->screen != NULL && (fflush(records->screen) != 0 || ferror(records->screen)))
		status = complain(EXIT_FAILED, "standard output could not be written");
	*records = (struct records){0};
	return status;
}

__attribute__((format(printf, 2, 0))) static void put(FILE *file, const char *format,
						      va_list arguments)
{
	if (file == NULL)
		return;
	(void)vfprintf(file, format, arguments);
	(void)fflush(file); /* a later pass may crash the machine */
}

/* On the screen and in the log. */
__attribute__((format(printf, 2, 3))) static void say(struct records *records, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(records->screen, format, arguments);
	va_end(arguments);
	va_start(arguments, format);
	put(records->log, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void write_to(FILE *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(file, format, arguments);
	va_end(arguments);
}

void records_debug(struct records *records, long level, const char *format, ...)
{
	va_list arguments;

	if (level > records->debug_level)
		return;
	va_start(arguments, format);
	put(records->debug, format, arguments);
	va_end(arguments);
}

void records_preamble(struct records *records, const struct settings *settings,
		      const struct workfile *workfile)
{
	say(records, "re-aim style workload, independent implementation\n");
	say(records, "workfile %s: %zu sub-tests, total weight %" PRIu64 "; seed %" PRIu64 "\n",
	    settings->workfile, workfile->count, workfile->total_weight, settings->seed);
	for (size_t i = 0; i < workfile->count; i++)
		records_debug(records, 1, "sub-test %s weight %" PRIu32 "\n",
			      workfile->tests[i].op->name, workfile->tests[i].weight);
}

void records_begin_passes(struct records *records)
{
	say(records, "Num     Parent   Child   Child  Jobs per   Jobs/min/  Std_dev  Std_dev  JTI\n"
		     "Forked  Time     SysTime UTime   Minute     Child      Time     Percent\n");
	write_to(records->csv,
		 "Forks,JPM,JPM_C,JPS_C,parent_tm,childU_tm,childS_tm,std_dev,JTI,max_c,min_c\n");
	write_to(records->html, "<!DOCTYPE html>\n<title>re-aim style workload</title>\n<table>\n"
				"<tr><th>Users<th>Jobs per minute<th>Seconds<th>JTI\n");
}

/* Level 2: every child; level 3: its time in each sub-test. */
static void debug_children(struct records *records, const struct outcome *outcome,
			   const struct workfile *workfile)
{
	const struct board *board = outcome->board;

	for (size_t i = 0; i < board->users && records->debug_level >= 2; i++) {
		records_debug(records, 2, "child %zu of %zu: %.6f s, started after %.6f s\n", i,
			      board->users, outcome_elapsed_s(outcome, i),
			      1e-9 * (double)(board->seats[i].start_ns - board->start_ns));
		for (size_t test = 0; test < board->tests; test++) {
			const struct job_totals *totals = board_totals(board, i, test);
			records_debug(records, 3, "  %s: %" PRIu64 " jobs in %.6f s\n",
				      workfile->tests[test].op->name, totals->jobs,
				      1e-9 * (double)totals->total_ns);
		}
	}
}

/* --verbose: which sub-test the time went to. */
static void say_subtests(struct records *records, const struct outcome *outcome,
			 const struct workfile *workfile)
{
	for (size_t i = 0; i < workfile->count && records->verbose; i++) {
		const struct histogram *histogram = &outcome->board->histograms[i];
		uint64_t jobs = histogram_total(histogram);
		if (jobs > 0)
			say(records, "    %-20s jobs %" PRIu64 ", median %.4f ms, 99 %% %.4f ms\n",
			    workfile->tests[i].op->name, jobs,
			    1e-6 * (double)histogram_quantile_ns(histogram, 0.5),
			    1e-6 * (double)histogram_quantile_ns(histogram, 0.99));
	}
}

void records_pass(struct records *records, const struct outcome *outcome,
		  const struct workfile *workfile)
{
	const struct figures *f = &outcome->figures;

	say(records, "%-7zu %-8.2f %-7.2f %-7.2f %-10.2f %-10.2f %-8.2f %-8.2f %d\n",
	    outcome->users, outcome->parent_s, outcome->system_s, outcome->user_s, f->jpm,
	    f->jpm_per_child, f->std_dev_s, f->std_dev_percent, f->jti);
	say(records,
	    "  kernel %.1f %% of processor time; child min %.4f s max %.4f s; start skew %.3f ms\n",
	    100 * outcome_kernel_share(outcome), f->child_min_s, f->child_max_s,
	    1e3 * outcome->start_skew_s);
	say_subtests(records, outcome, workfile);
	write_to(records->csv, "%zu,%.2f,%.2f,%.4f,%.4f,%.4f,%.4f,%.4f,%d,%.4f,%.4f\n",
		 outcome->users, f->jpm, f->jpm_per_child, f->jps_per_child, outcome->parent_s,
		 outcome->user_s, outcome->system_s, f->std_dev_s, f->jti, f->child_max_s,
		 f->child_min_s);
	write_to(records->html, "<tr><td>%zu<td>%.2f<td>%.2f<td>%d\n", outcome->users, f->jpm,
		 outcome->parent_s, f->jti);
	records_debug(
		records, 1, "pass of %zu users: %zu jobs each, release %.6f s, increment %ld\n",
		outcome->users, outcome->jobs_per_child, outcome->release_s, outcome->increment);
	debug_children(records, outcome, workfile);
}

void records_maximum(struct records *records, const struct outcome *best, const char *ended)
{
	double jpm = best->figures.jpm;

	say(records, "End: %s\n", ended);
	say(records, "Max Jobs per Minute %.2f\n", jpm);
	write_to(records->summary, "Max Jobs per Minute %.2f at %zu users\n", jpm, best->users);
	write_to(records->html, "</table>\n<p>Max Jobs per Minute %.2f at %zu users\n", jpm,
		 best->users);
}

void records_partial(struct records *records)
{
	say(records, "PARTIAL: %s\n", first_complaint());
	write_to(records->csv, "# partial: %s\n", first_complaint());
	write_to(records->tests, "# partial: %s\n", first_complaint());
	write_to(records->summary, "PARTIAL\n");
	write_to(records->html, "<p>PARTIAL\n");
}

static void put_time(struct records *records, const char *what, time_t when)
{
	char text[64];
	struct tm parts;

	(void)localtime_r(&when, &parts);
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	say(records, "%s %s\n", what, text);
}

void records_begin_tests(struct records *records, const struct settings *settings,
			 const struct workfile *workfile)
{
	static const char head[] =
		"Test   Test                 Elapsed    Iteration  Iteration    "
		"Operation\n"
		"Number Name                 Time(sec)  Count      Rate(loops/s) "
		"Rate(ops/sec)\n";

	put_time(records, "Projected finish:",
		 time(NULL) + (time_t)(settings->period_s * (long)workfile->count));
	say(records, "%s", head);
	write_to(records->tests, "Test Number\tTest Name\tElapsed Time(sec)\tIteration Count\t"
				 "Iteration Rate(loops/s)\tOperation Rate (ops/sec)\tUnit\n");
}

void records_test(struct records *records, const struct outcome *outcome, const struct test *test)
{
	const char *name = test->op->name;
	size_t number = outcome->test + 1;
	double rate = outcome->iterations / outcome->parent_s;

	if (outcome->status != EXIT_DONE) {
		const char *status = outcome->status == EXIT_SKIPPED ? "SKIP" : "ERROR";
		const char *reason =
			outcome->reason[0] == '\0' ? first_complaint() : outcome->reason;
		say(records, "%-6zu %-20s %s: %s\n", number, name, status, reason);
		write_to(records->tests, "# %zu\t%s\t%s\t%s\n", number, name, status, reason);
		return;
	}
	say(records, "%-6zu %-20s %-10.2f %-10.0f %-13.4f %.2f %s/second\n", number, name,
	    outcome->parent_s, outcome->iterations, rate, outcome->operations_per_s,
	    test->op->unit);
	write_to(records->tests, "%zu\t%s\t%.2f\t%.0f\t%.4f\t%.2f\t%s/second\n", number, name,
		 outcome->parent_s, outcome->iterations, rate, outcome->operations_per_s,
		 test->op->unit);
}

void records_end_tests(struct records *records)
{
	put_time(records, "Actual finish:   ", time(NULL));
}
