// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench selftest: is the harness right on this machine? */
#include "command.h"

#include "headline.h"
#include "json.h"
#include "progress.h"
#include "provenance.h"
#include "selftest.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIGURES_SIZE = 160, ATTEMPTS_MAX = 3, CALIBRATIONS = 20 };

static const double null_limit_ns = 0.2;
static const double delay_tolerance_percent = 5;
static const double budget_s = 0.4;

struct selftest {
	struct request *request;
	unsigned attempt;	    /* of this check, from 1 */
	char figures[FIGURES_SIZE]; /* what was found, for the reader */
};

struct check {
	const char *name;
	const char *promise;
	bool (*passes)(struct selftest *selftest, int64_t argument);
	int64_t argument;
	bool is_figure; /* noise may spoil it: it gets ATTEMPTS_MAX tries */
};

__attribute__((format(printf, 3, 4))) static bool conclude(struct selftest *selftest, bool passed,
							   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(selftest->figures, FIGURES_SIZE, format, arguments);
	va_end(arguments);
	return passed;
}

/* To be freed; NULL with figures saying why. */
static struct result *measure(struct selftest *selftest, const char *words, double seconds)
{
	struct options options = selftest->request->options;
	struct spec_list list = {0};
	char complaint[FIGURES_SIZE];
	struct result *result = NULL;

	options.plan.budget_ns = 1e9 * seconds;
	options.rounds = 1;
	if (!spec_list_add(&list, words, PLACEMENT_SAME_CPU, complaint, sizeof(complaint)))
		(void)conclude(selftest, false, "%s", complaint);
	else
		result = result_new(&list.specs[0], options.plan.samples_max);
	if (result != NULL)
		(void)session_run_isolated(result, &options);
	spec_list_free(&list);
	return result;
}

static bool fails_saying(struct selftest *selftest, const char *words, const char *reason)
{
	struct result *result = measure(selftest, words, budget_s);

	if (result == NULL)
		return false;
	bool passed = result->status == STATUS_ERROR && result->metric_count == 0 &&
		      strstr(result->reason, reason) != NULL;
	(void)conclude(selftest, passed, "%s",
		       result->status == STATUS_DONE ? "it got a figure" : result->reason);
	result_free(result);
	return passed;
}

static bool null_is_zero(struct selftest *selftest, int64_t argument)
{
	struct result *result = measure(selftest, "null", 2 * budget_s);
	bool passed = false;

	(void)argument;
	if (result == NULL)
		return false;
	if (result->status != STATUS_DONE) {
		(void)conclude(selftest, false, "%s", result->reason);
	} else {
		const struct metric *metric = &result->metrics[0];
		struct headline quoted = headline_of(result, metric);
		passed = conclude(selftest, fabs(quoted.value) <= null_limit_ns,
				  "%s %.3f ns, median %.3f ns", quoted.estimator, quoted.value,
				  metric->stats.median);
	}
	result_free(result);
	return passed;
}

/* The cycle is measured anew just before and after: when it is not the same, the core has
 * changed its speed and nothing can be said. */
static bool delay_is_found(struct selftest *selftest, int64_t delay_ns)
{
	struct clock *clock = &selftest->request->options.clock;
	char words[64];
	bool passed = false;

	if (clock_measure(clock) != 0)
		return conclude(selftest, false, "the clock does not advance");
	double cycle_ns = clock->cycle_ns;
	(void)snprintf(words, sizeof(words), "selftest_delay:delay_ns=%lld", (long long)delay_ns);
	struct result *result = measure(selftest, words, 2 * budget_s);
	if (result == NULL)
		return false;
	(void)clock_measure(clock);
	double expected_ns = (double)selftest_blocks(delay_ns, cycle_ns) * SELFTEST_BLOCK_CYCLES *
			     fmin(cycle_ns, clock->cycle_ns);
	double found_ns = result->metrics[0].stats.min;
	double error_percent = 100 * (found_ns / expected_ns - 1);
	if (result->status != STATUS_DONE)
		(void)conclude(selftest, false, "%s", result->reason);
	else
		passed = conclude(selftest, fabs(error_percent) <= delay_tolerance_percent,
				  "%.2f ns of %.2f ns, %+.1f %% (median %.2f ns)", found_ns,
				  expected_ns, error_percent, result->metrics[0].stats.median);
	result_free(result);
	return passed;
}

static bool liar_is_caught(struct selftest *selftest, int64_t argument)
{
	(void)argument;
	return fails_saying(selftest, "selftest_liar", "work proof failed");
}

static bool crash_is_survived(struct selftest *selftest, int64_t argument)
{
	(void)argument;
	return fails_saying(selftest, "selftest_crash", "killed by signal 11");
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool hang_is_ended(struct selftest *selftest, int64_t argument)
{
	const double patience_s = 1;
	double begin_s = seconds_now();
	bool passed = fails_saying(selftest, "selftest_hang", "timed out");
	double took_s = seconds_now() - begin_s;
	double due_s = budget_s + SELFTEST_HANG_S;

	(void)argument;
	return conclude(selftest, passed && took_s >= 0.9 * due_s && took_s <= due_s + patience_s,
			"ended after %.2f s, due after %.2f s", took_s, due_s);
}

/* The pipe is at its end when nobody is left who could write to it. */
static bool orphan_is_killed(struct selftest *selftest, int64_t argument)
{
	int ends[2];
	char words[64];

	(void)argument;
	if (pipe(ends) != 0)
		return conclude(selftest, false, "no pipe");
	(void)snprintf(words, sizeof(words), "selftest_orphan:pipe_fd=%d", ends[1]);
	struct result *result = measure(selftest, words, budget_s);
	(void)close(ends[1]);
	struct pollfd reader = {.fd = ends[0], .events = POLLIN};
	bool gone = poll(&reader, 1, 1000) == 1 && (reader.revents & POLLHUP) != 0;
	(void)close(ends[0]);
	if (result == NULL)
		return false;
	bool has_run = result->status == STATUS_DONE;
	(void)conclude(selftest, false, "%s",
		       !has_run ? result->reason
		       : gone	? "it is gone"
				: "it is still there");
	result_free(result);
	return has_run && gone;
}

static bool ramp_is_noticed(struct selftest *selftest, int64_t argument)
{
	struct result *result = measure(selftest, "selftest_ramp", budget_s);
	bool passed = false;

	(void)argument;
	if (result == NULL)
		return false;
	if (result->status != STATUS_DONE)
		(void)conclude(selftest, false, "%s", result->reason);
	else
		passed = conclude(selftest, !result->metrics[0].sampling.stationary,
				  "stationary is %s",
				  result->metrics[0].sampling.stationary ? "true" : "false");
	result_free(result);
	return passed;
}

/* The batch is chosen from a time, so one cost may lie just where two batches meet: another
 * attempt has another cost. */
static bool calibration_is_steady(struct selftest *selftest, int64_t argument)
{
	uint64_t first = 0;
	unsigned same = 0;
	char words[64];

	(void)argument;
	(void)snprintf(words, sizeof(words), "selftest_delay:delay_ns=%u", 30 * selftest->attempt);
	for (unsigned i = 0; i < CALIBRATIONS; i++) {
		struct result *result = measure(selftest, words, budget_s / 4);
		if (result == NULL)
			return false;
		uint64_t iterations = result->metrics[0].iterations;
		first = i == 0 ? iterations : first;
		same += iterations == first && result->status == STATUS_DONE;
		result_free(result);
	}
	return conclude(selftest, same == CALIBRATIONS, "%u of %d chose %llu iterations", same,
			CALIBRATIONS, (unsigned long long)first);
}

static const struct check checks[] = {
	{"null", "nothing costs nothing, within 0.2 ns", null_is_zero, 0, true},
	{"delay-10ns", "10 ns more are found, within 5 %", delay_is_found, 10, true},
	{"delay-50ns", "50 ns more are found, within 5 %", delay_is_found, 50, true},
	{"delay-200ns", "200 ns more are found, within 5 %", delay_is_found, 200, true},
	{"calibration", "the batch is the same each time", calibration_is_steady, 0, true},
	{"ramp", "a slow leak of time is noticed", ramp_is_noticed, 0, true},
	{"liar", "work that was not done is no figure", liar_is_caught, 0, false},
	{"crash", "a crash is an error of one benchmark", crash_is_survived, 0, false},
	{"hang", "what never ends is ended in time", hang_is_ended, 0, false},
	{"orphan", "no process is left behind", orphan_is_killed, 0, false},
};
enum { CHECK_COUNT = sizeof(checks) / sizeof(checks[0]) };

static bool passes(struct selftest *selftest, const struct check *check)
{
	unsigned attempts = check->is_figure ? ATTEMPTS_MAX : 1;

	for (selftest->attempt = 1; selftest->attempt <= attempts; selftest->attempt++) {
		selftest->figures[0] = '\0';
		progress_say("%s: %s%s", check->name, check->promise,
			     selftest->attempt > 1 ? " (again)" : "");
		if (check->passes(selftest, check->argument))
			return true;
	}
	selftest->attempt = attempts;
	return false;
}

static void print_check(const struct selftest *selftest, const struct check *check, bool passed)
{
	char attempt[32] = "";

	progress_wipe();
	if (selftest->attempt > 1)
		(void)snprintf(attempt, sizeof(attempt), " [attempt %u of %d]", selftest->attempt,
			       ATTEMPTS_MAX);
	(void)printf("%-7s %-12s %-38s %s%s\n", passed ? "ok" : "FAILED", check->name,
		     check->promise, selftest->figures, attempt);
	(void)fflush(stdout);
}

static void put_check(struct json *json, const struct selftest *selftest, const struct check *check,
		      bool passed)
{
	json_begin_object(json);
	json_put_string_at(json, "name", check->name);
	json_put_string_at(json, "promise", check->promise);
	json_put_bool_at(json, "ok", passed);
	json_put_string_at(json, "found", selftest->figures);
	json_put_integer_at(json, "attempts", selftest->attempt);
	json_end_object(json);
}

int command_selftest(struct request *request)
{
	struct selftest selftest = {.request = request};
	struct json json = {.out = stdout};
	size_t failed = 0;

	if (request->name_count != 0)
		return usage_error("selftest takes no names");
	int error = command_prepare(request);
	if (error != 0)
		return error;
	if (request->json) {
		json_begin_object(&json);
		json_put_string_at(&json, "schema", "kdyno.kbench.selftest/1");
		provenance_json(&json);
		json_key(&json, "checks");
		json_begin_array(&json);
	}
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		bool passed = passes(&selftest, &checks[i]);
		failed += !passed;
		if (request->json)
			put_check(&json, &selftest, &checks[i], passed);
		else
			print_check(&selftest, &checks[i], passed);
	}
	progress_wipe();
	if (request->json) {
		json_end_array(&json);
		json_put_bool_at(&json, "ok", failed == 0);
		json_end_object(&json);
	} else if (failed > 0) {
		(void)printf(
			"%zu of %d checks failed: figures of this machine, or at this moment, are "
			"not to be believed\n",
			failed, CHECK_COUNT);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return command_error("the report could not be written");
	return failed == 0 ? EXIT_DONE : EXIT_ERROR;
}
