// SPDX-License-Identifier: GPL-2.0-or-later
#include "document_parts.h"

#include "complain.h"

#include <stdlib.h>

static double seconds(uint64_t ns)
{
	return 1e-9 * (double)ns;
}

/* [[from_ns, count], ...] without the empty buckets. */
static void write_histogram(struct json *json, const struct histogram *histogram)
{
	json_key(json, "histogram");
	json_begin_array(json);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->counts[i] == 0)
			continue;
		json_begin_array(json);
		json_put_integer(json, (int64_t)histogram_low_ns(i));
		json_put_integer(json, histogram->counts[i]);
		json_end_array(json);
	}
	json_end_array(json);
}

static struct job_totals totals_of(const struct board *board, size_t test)
{
	struct job_totals all = {.min_ns = UINT64_MAX};

	for (size_t i = 0; i < board->users; i++) {
		const struct job_totals *one = board_totals(board, i, test);
		all.jobs += one->jobs;
		all.total_ns += one->total_ns;
		all.min_ns = one->min_ns < all.min_ns ? one->min_ns : all.min_ns;
		all.max_ns = one->max_ns > all.max_ns ? one->max_ns : all.max_ns;
	}
	return all;
}

static void write_latency(struct json *json, const struct board *board, size_t test)
{
	const struct histogram *histogram = &board->histograms[test];
	struct job_totals totals = totals_of(board, test);

	json_put_integer_at(json, "jobs", (int64_t)totals.jobs);
	json_put_integer_at(json, "total_ns", (int64_t)totals.total_ns);
	json_put_integer_at(json, "min_ns", (int64_t)totals.min_ns);
	json_put_integer_at(json, "p50_ns", (int64_t)histogram_quantile_ns(histogram, 0.5));
	json_put_integer_at(json, "p90_ns", (int64_t)histogram_quantile_ns(histogram, 0.9));
	json_put_integer_at(json, "p99_ns", (int64_t)histogram_quantile_ns(histogram, 0.99));
	json_put_integer_at(json, "max_ns", (int64_t)totals.max_ns);
	write_histogram(json, histogram);
}

static void write_child(struct json *json, const struct outcome *outcome, size_t child,
			const struct workfile *workfile)
{
	const struct seat *seat = &outcome->board->seats[child];

	json_begin_object(json);
	json_put_integer_at(json, "child", (int64_t)child);
	json_put_number_at(json, "elapsed_s", outcome_elapsed_s(outcome, child));
	json_put_number_at(json, "start_delay_s",
			   seconds(seat->start_ns - outcome->board->start_ns));
	json_put_number_at(json, "user_s", seconds(seat->user_ns));
	json_put_number_at(json, "system_s", seconds(seat->system_ns));
	json_put_integer_at(json, "jobs",
			    (int64_t)atomic_load(&outcome->board->seats[child].jobs_done));
	json_key(json, "subtests");
	json_begin_array(json);
	for (size_t i = 0; i < workfile->count; i++) {
		const struct job_totals *totals = board_totals(outcome->board, child, i);
		if (totals->jobs == 0)
			continue;
		json_begin_object(json);
		json_put_string_at(json, "name", workfile->tests[i].op->name);
		json_put_integer_at(json, "jobs", (int64_t)totals->jobs);
		json_put_integer_at(json, "total_ns", (int64_t)totals->total_ns);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void write_pass_figures(struct json *json, const struct outcome *outcome)
{
	const struct figures *f = &outcome->figures;

	json_put_integer_at(json, "repetition", (int64_t)outcome->repetition);
	json_put_integer_at(json, "users", (int64_t)outcome->users);
	json_put_integer_at(json, "jobs_per_child", (int64_t)outcome->jobs_per_child);
	json_put_integer_at(json, "file_kib", (int64_t)outcome->blocks);
	json_put_number_at(json, "parent_s", outcome->parent_s);
	json_put_number_at(json, "user_s", outcome->user_s);
	json_put_number_at(json, "system_s", outcome->system_s);
	json_put_number_at(json, "kernel_share", outcome_kernel_share(outcome));
	json_put_number_at(json, "jpm", f->jpm);
	json_put_number_at(json, "jpm_per_child", f->jpm_per_child);
	json_put_number_at(json, "jps_per_child", f->jps_per_child);
	json_put_number_at(json, "std_dev_s", f->std_dev_s);
	json_put_number_at(json, "std_dev_percent", f->std_dev_percent);
	json_put_integer_at(json, "jti", f->jti);
	json_put_number_at(json, "child_min_s", f->child_min_s);
	json_put_number_at(json, "child_max_s", f->child_max_s);
	json_put_number_at(json, "start_skew_s", outcome->start_skew_s);
	json_put_number_at(json, "release_s", outcome->release_s);
}

void document_pass(struct json *json, const struct outcome *outcome,
		   const struct workfile *workfile)
{
	json_begin_object(json);
	write_pass_figures(json, outcome);
	json_key(json, "children");
	json_begin_array(json);
	for (size_t i = 0; i < outcome->users; i++)
		write_child(json, outcome, i, workfile);
	json_end_array(json);
	json_key(json, "subtests");
	json_begin_array(json);
	for (size_t i = 0; i < workfile->count; i++) {
		if (totals_of(outcome->board, i).jobs == 0)
			continue;
		json_begin_object(json);
		json_put_string_at(json, "name", workfile->tests[i].op->name);
		write_latency(json, outcome->board, i);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

void document_test(struct json *json, const struct outcome *outcome,
		   const struct workfile *workfile, const char *status)
{
	json_begin_object(json);
	json_put_integer_at(json, "repetition", (int64_t)outcome->repetition);
	json_put_string_at(json, "name", workfile->tests[outcome->test].op->name);
	json_put_string_at(json, "status", status);
	json_put_string_at(json, "reason", outcome->reason);
	if (outcome->status == EXIT_DONE) {
		json_put_number_at(json, "elapsed_s", outcome->parent_s);
		json_put_number_at(json, "iterations", outcome->iterations);
		json_put_number_at(json, "iterations_per_s",
				   outcome->iterations / outcome->parent_s);
		json_put_number_at(json, "operations_per_s", outcome->operations_per_s);
		json_put_number_at(json, "user_s", outcome->user_s);
		json_put_number_at(json, "system_s", outcome->system_s);
		write_latency(json, outcome->board, outcome->test);
	}
	json_end_object(json);
}
