// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures as a comparison wants them: one metric for each thing, with all its samples. */
#include "complain.h"
#include "document_parts.h"

typedef void samples_fn(struct json *json, const struct outcome *outcome, size_t test);

struct metric {
	const char *name;
	const char *unit;
	const char *direction;
	samples_fn *samples;
};

static void jpm_sample(struct json *json, const struct outcome *outcome, size_t test)
{
	(void)test;
	json_put_number(json, outcome->figures.jpm);
}

static void jpm_per_child_sample(struct json *json, const struct outcome *outcome, size_t test)
{
	(void)test;
	json_put_number(json, outcome->figures.jpm_per_child);
}

static void child_samples(struct json *json, const struct outcome *outcome, size_t test)
{
	(void)test;
	for (size_t i = 0; i < outcome->users; i++)
		json_put_number(json, outcome_elapsed_s(outcome, i));
}

static void system_sample(struct json *json, const struct outcome *outcome, size_t test)
{
	(void)test;
	json_put_number(json, outcome->system_s);
}

static void user_sample(struct json *json, const struct outcome *outcome, size_t test)
{
	(void)test;
	json_put_number(json, outcome->user_s);
}

/* What a job takes in each child. */
static void job_samples(struct json *json, const struct outcome *outcome, size_t test)
{
	for (size_t i = 0; i < outcome->users; i++) {
		const struct job_totals *totals = board_totals(outcome->board, i, test);
		if (totals->jobs > 0)
			json_put_number(json, totals->typical_ns);
	}
}

static void rate_sample(struct json *json, const struct outcome *outcome, size_t test)
{
	if (outcome->test == test && outcome->status == EXIT_DONE)
		json_put_number(json, outcome->operations_per_s);
}

/* Of a pass, the key figure first. */
static const struct metric pass_metrics[] = {
	{"jpm", "jobs/min", "higher", jpm_sample},
	{"jpm_per_child", "jobs/min", "higher", jpm_per_child_sample},
	{"child_time", "s", "lower", child_samples},
	{"child_system_time", "s", "lower", system_sample},
	{"child_user_time", "s", "lower", user_sample},
};
static const struct metric job_metric = {"job_time", "ns", "lower", job_samples};
static const struct metric rate_metric = {"operation_rate", "op/s", "higher", rate_sample};

/* `users` and `subtest` are part of the metric's identity; "" and 0: of all. */
static void write_metric(struct json *json, const struct run *run, const struct metric *metric,
			 size_t users, size_t test, const char *subtest)
{
	json_begin_object(json);
	json_put_string_at(json, "name", metric->name);
	json_put_integer_at(json, "users", (int64_t)users);
	json_put_string_at(json, "subtest", subtest);
	json_put_string_at(json, "unit", metric->unit);
	json_put_string_at(json, "direction", metric->direction);
	json_key(json, "samples");
	json_begin_array(json);
	for (size_t i = 0; i < run->outcomes.count; i++)
		if (run->outcomes.items[i].users == users)
			metric->samples(json, &run->outcomes.items[i], test);
	json_end_array(json);
	json_end_object(json);
}

static bool is_first_of_users(const struct outcomes *outcomes, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (outcomes->items[i].users == outcomes->items[index].users)
			return false;
	return true;
}

static void write_pass_metrics(struct json *json, const struct run *run,
			       const struct outcome *outcome)
{
	for (size_t i = 0; i < sizeof(pass_metrics) / sizeof(pass_metrics[0]); i++)
		write_metric(json, run, &pass_metrics[i], outcome->users, 0, "");
	for (size_t i = 0; i < run->workfile.count; i++)
		if (board_totals(outcome->board, 0, i)->jobs > 0)
			write_metric(json, run, &job_metric, outcome->users, i,
				     run->workfile.tests[i].op->name);
}

static bool is_done(const struct run *run, size_t test)
{
	for (size_t i = 0; i < run->outcomes.count; i++)
		if (run->outcomes.items[i].test == test &&
		    run->outcomes.items[i].status == EXIT_DONE)
			return true;
	return false;
}

void document_metrics(struct json *json, const struct run *run)
{
	json_key(json, "metrics");
	json_begin_array(json);
	for (size_t i = 0; i < run->outcomes.count && run->status == EXIT_DONE; i++)
		if (!run->settings->one_user && is_first_of_users(&run->outcomes, i))
			write_pass_metrics(json, run, &run->outcomes.items[i]);
	for (size_t i = 0; i < run->workfile.count && run->status == EXIT_DONE; i++)
		if (run->settings->one_user && is_done(run, i))
			write_metric(json, run, &rate_metric, 1, i,
				     run->workfile.tests[i].op->name);
	json_end_array(json);
}
