// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds what belongs together. */
#include "comparison.h"

#include "stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the kernel does for an operation, whatever the time. Whether a wake-up preempts is chance,
 * so only the sum of both kinds of switches says something, and others who want the CPU add a few
 * to it: hence the tolerance. */
static const struct invariant {
	const char *name;
	const char *parts[3]; /* of counts_per_op, added up */
	double tolerance;     /* absolute and relative */
} invariants[] = {
	{"syscalls", {"syscalls"}, 0.02},
	{"switches", {"voluntary_switches", "involuntary_switches"}, 0.1},
	{"minor_faults", {"minor_faults"}, 0.02},
	{"major_faults", {"major_faults"}, 0.02},
};
enum { INVARIANTS = sizeof(invariants) / sizeof(invariants[0]) };

static const char schema[] = "kdyno.kbench/1";

static bool same_value(const struct json_value *a, const struct json_value *b)
{
	if (a == NULL || b == NULL || a->kind != b->kind)
		return false;
	if (a->kind == JSON_IS_NUMBER)
		return a->number == b->number;
	return a->kind != JSON_IS_STRING || strcmp(a->text, b->text) == 0;
}

static bool same_text(const struct json_value *a, const struct json_value *b, const char *key)
{
	return strcmp(json_text_of(a, key, ""), json_text_of(b, key, "")) == 0;
}

static bool same_benchmark(const struct json_value *a, const struct json_value *b)
{
	const struct json_value *of_a = json_get(a, "parameters");
	const struct json_value *of_b = json_get(b, "parameters");

	if (!same_text(a, b, "name") || !same_text(a, b, "placement") || of_a->count != of_b->count)
		return false;
	for (const struct json_value *at = of_a->first; at != NULL; at = at->next)
		if (!same_value(at, json_get(of_b, at->key)))
			return false;
	return true;
}

static bool is_done(const struct json_value *benchmark)
{
	return strcmp(json_text_of(benchmark, "status", ""), "done") == 0;
}

static bool is_kind(const struct json_value *value, enum json_kind kind)
{
	return value != NULL && value->kind == kind;
}

static bool is_metric(const struct json_value *metric)
{
	const struct json_value *samples = json_get(metric, "samples");

	if (json_text_of(metric, "name", NULL) == NULL || !is_kind(samples, JSON_IS_ARRAY) ||
	    samples->count == 0)
		return false;
	for (const struct json_value *at = samples->first; at != NULL; at = at->next)
		if (at->kind != JSON_IS_NUMBER)
			return false;
	return true;
}

static bool is_benchmark(const struct json_value *benchmark)
{
	const struct json_value *metrics = json_get(benchmark, "metrics");

	if (json_text_of(benchmark, "name", NULL) == NULL ||
	    json_text_of(benchmark, "placement", NULL) == NULL ||
	    !is_kind(json_get(benchmark, "parameters"), JSON_IS_OBJECT) ||
	    !is_kind(metrics, JSON_IS_ARRAY))
		return false;
	for (const struct json_value *at = metrics->first; at != NULL; at = at->next)
		if (!is_metric(at))
			return false;
	return true;
}

static bool load(struct json_document *document, const char *path, char *complaint, size_t size)
{
	char why[256];
	size_t index = 0;

	if (!json_read_file(document, path, why, sizeof(why))) {
		(void)snprintf(complaint, size, "%s: %s", path, why);
		return false;
	}
	const char *found = json_text_of(document->root, "schema", "none");
	const struct json_value *list = json_get(document->root, "benchmarks");
	if (strcmp(found, schema) != 0 || !is_kind(list, JSON_IS_ARRAY)) {
		(void)snprintf(complaint, size,
			       "%s: not a document of kbench run (schema %.60s, not %s)", path,
			       found, schema);
		return false;
	}
	for (const struct json_value *at = list->first; at != NULL; at = at->next, index++) {
		if (is_benchmark(at))
			continue;
		(void)snprintf(complaint, size, "%s: benchmark %zu is malformed", path, index);
		return false;
	}
	return true;
}

static double *copy_samples(const struct json_value *metric, size_t *count)
{
	const struct json_value *samples = json_get(metric, "samples");
	double *values = calloc(samples->count, sizeof(*values));

	*count = 0;
	for (const struct json_value *at = samples->first; at != NULL && values != NULL;
	     at = at->next)
		values[(*count)++] = at->number;
	return values;
}

/* Samples of one process have its layout and its moment in common; the medians of several
 * processes have not. Replaces the samples by the rounds' medians and returns how many. */
static size_t median_of_rounds(const struct json_value *benchmark, double *samples, size_t count)
{
	const struct json_value *rounds = json_get(benchmark, "rounds");
	size_t medians = 0;

	for (const struct json_value *at = rounds->first; at != NULL; at = at->next) {
		double first = json_number_of(at, "first_sample", -1);
		double end = json_number_of(at->next, "first_sample", (double)count);
		if (first < 0 || end < first + 1 || end > (double)count)
			return count;
		size_t length = (size_t)end - (size_t)first;
		stats_sort(samples + (size_t)first, length);
		samples[medians++] = stats_quantile(samples + (size_t)first, length, 0.5);
	}
	return medians;
}

static bool has_rounds(const struct json_value *benchmark)
{
	const struct json_value *rounds = json_get(benchmark, "rounds");

	return is_kind(rounds, JSON_IS_ARRAY) && rounds->count >= CHANGE_SAMPLES_NEEDED;
}

/* Less than a core cycle is what the harness's own subtraction leaves over. */
static double floor_of(const struct comparison *comparison, const struct json_value *metric)
{
	const struct json_value *was = json_get(comparison->before.root, "clock");
	const struct json_value *is = json_get(comparison->after.root, "clock");

	if (strcmp(json_text_of(metric, "unit", ""), "ns/op") != 0)
		return 0;
	return fmax(json_number_of(was, "cycle_ns", 0), json_number_of(is, "cycle_ns", 0));
}

static bool is_poor(const struct json_value *metric)
{
	return strcmp(json_text_of(metric, "evidence", ""), "poor") == 0;
}

static bool add_row(struct comparison *comparison, const struct json_value *pair[2],
		    const struct json_value *before, const struct json_value *after)
{
	size_t before_count;
	size_t after_count;
	double *of_before = copy_samples(before, &before_count);
	double *of_after = copy_samples(after, &after_count);
	bool fine = of_before != NULL && of_after != NULL;
	bool is_key = json_get(pair[0], "metrics")->first == before; /* rounds are of its samples */

	if (fine) {
		struct comparison_row *row = &comparison->rows[comparison->row_count++];
		*row = (struct comparison_row){
			.benchmark = pair[0],
			.metric = json_text_of(before, "name", ""),
			.unit = json_text_of(before, "unit", ""),
			.lower_is_better =
				strcmp(json_text_of(before, "direction", ""), "higher") != 0,
			.steady = is_kind(json_get(before, "stationary"), JSON_IS_TRUE) &&
				  is_kind(json_get(after, "stationary"), JSON_IS_TRUE),
			.disturbed = is_poor(before) || is_poor(after),
			.by_rounds = is_key && has_rounds(pair[0]) && has_rounds(pair[1])};
		if (row->by_rounds) {
			before_count = median_of_rounds(pair[0], of_before, before_count);
			after_count = median_of_rounds(pair[1], of_after, after_count);
		}
		row->change = change_of(of_before, before_count, of_after, after_count,
					row->lower_is_better, floor_of(comparison, before));
	}
	if (fine) {
		struct change *change = &comparison->rows[comparison->row_count - 1].change;
		change_quote(change,
			     json_number_of(json_get(before, "headline"), "value", change->before),
			     json_number_of(json_get(after, "headline"), "value", change->after));
	}
	free(of_before);
	free(of_after);
	return fine;
}

/* On several CPUs an answer may come before its reader sleeps: how often is chance. */
static bool is_invariant(const struct json_value *benchmark, const struct invariant *invariant)
{
	return strcmp(invariant->name, "switches") != 0 ||
	       strcmp(json_text_of(benchmark, "placement", ""), "same-cpu") == 0;
}

/* NAN where it was not counted. */
static double count_of(const struct json_value *benchmark, const struct invariant *invariant)
{
	double sum = 0;

	for (size_t i = 0; invariant->parts[i] != NULL; i++)
		sum += json_number_of(json_get(benchmark, "counts_per_op"), invariant->parts[i],
				      NAN);
	return sum;
}

static void add_counts(struct comparison *comparison, const struct json_value *before,
		       const struct json_value *after)
{
	for (size_t i = 0; i < INVARIANTS; i++) {
		const struct invariant *invariant = &invariants[i];
		double was = count_of(before, invariant);
		double is = count_of(after, invariant);
		if (is_invariant(before, invariant) && count_differs(was, is, invariant->tolerance))
			comparison->counts[comparison->count_count++] =
				(struct count_change){before, invariant->name, was, is};
	}
}

static const struct json_value *metric_named(const struct json_value *benchmark, const char *name)
{
	const struct json_value *metrics = json_get(benchmark, "metrics");

	for (const struct json_value *at = metrics->first; at != NULL; at = at->next)
		if (strcmp(json_text_of(at, "name", ""), name) == 0)
			return at;
	return NULL;
}

static bool add_pair(struct comparison *comparison, const struct json_value *before,
		     const struct json_value *after)
{
	if (!is_done(before) || !is_done(after)) {
		bool first = !is_done(before);
		if (first && !is_done(after) && same_text(before, after, "reason"))
			return true; /* the same in both is no difference */
		comparison->unmatched[comparison->unmatched_count++] = (struct unmatched){
			first ? before : after, .in_before = first, .has_counterpart = true};
		return true;
	}
	add_counts(comparison, before, after);
	const struct json_value *pair[2] = {before, after};
	const struct json_value *metrics = json_get(before, "metrics");
	for (const struct json_value *at = metrics->first; at != NULL; at = at->next) {
		const struct json_value *other = metric_named(after, json_text_of(at, "name", ""));
		if (other != NULL && same_text(at, other, "unit") &&
		    !add_row(comparison, pair, at, other))
			return false;
	}
	return true;
}

/* Each benchmark of one finds the first of the other that is still free: the same one may have
 * been run several times. */
static bool match(struct comparison *comparison)
{
	const struct json_value *of_before = json_get(comparison->before.root, "benchmarks");
	const struct json_value *of_after = json_get(comparison->after.root, "benchmarks");
	bool *taken = calloc(of_after->count + 1, sizeof(*taken));
	bool fine = taken != NULL;

	for (const struct json_value *at = of_before->first; fine && at != NULL; at = at->next) {
		const struct json_value *other = of_after->first;
		size_t i = 0;
		for (; other != NULL; other = other->next, i++)
			if (!taken[i] && same_benchmark(at, other))
				break;
		if (other == NULL) {
			comparison->unmatched[comparison->unmatched_count++] =
				(struct unmatched){at, .in_before = true};
			continue;
		}
		taken[i] = true;
		fine = add_pair(comparison, at, other);
	}
	size_t i = 0;
	for (const struct json_value *at = of_after->first; fine && at != NULL; at = at->next)
		if (!taken[i++])
			comparison->unmatched[comparison->unmatched_count++] =
				(struct unmatched){at, .in_before = false};
	free(taken);
	return fine;
}

/* Twice as large is as far as half as large. What has no ratio comes last. */
static double effect_of(const struct change *change)
{
	return change->verdict == VERDICT_NO_RATIO ? -1 : fabs(log1p(change->quoted_percent / 100));
}

static int by_effect(const void *left, const void *right)
{
	const struct comparison_row *a = left;
	const struct comparison_row *b = right;
	double of_a = effect_of(&a->change);
	double of_b = effect_of(&b->change);

	return (of_a < of_b) - (of_a > of_b);
}

static size_t count_metrics(const struct json_value *benchmarks)
{
	size_t count = 0;

	for (const struct json_value *at = benchmarks->first; at != NULL; at = at->next)
		count += json_get(at, "metrics")->count;
	return count;
}

bool comparison_open(struct comparison *comparison, const char *before_path, const char *after_path,
		     char *complaint, size_t complaint_size)
{
	*comparison = (struct comparison){0};
	if (!load(&comparison->before, before_path, complaint, complaint_size) ||
	    !load(&comparison->after, after_path, complaint, complaint_size))
		return false;
	const struct json_value *of_before = json_get(comparison->before.root, "benchmarks");
	const struct json_value *of_after = json_get(comparison->after.root, "benchmarks");
	comparison->rows = calloc(count_metrics(of_before) + 1, sizeof(*comparison->rows));
	comparison->counts = calloc(INVARIANTS * of_before->count + 1, sizeof(*comparison->counts));
	comparison->unmatched =
		calloc(of_before->count + of_after->count + 1, sizeof(*comparison->unmatched));
	if (comparison->rows == NULL || comparison->counts == NULL ||
	    comparison->unmatched == NULL || !match(comparison)) {
		(void)snprintf(complaint, complaint_size, "no memory");
		return false;
	}
	if (comparison->row_count == 0) {
		(void)snprintf(complaint, complaint_size, "%s and %s have no figure in common",
			       before_path, after_path);
		return false;
	}
	qsort(comparison->rows, comparison->row_count, sizeof(*comparison->rows), by_effect);
	return true;
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->rows);
	free(comparison->counts);
	free(comparison->unmatched);
	json_document_free(&comparison->before);
	json_document_free(&comparison->after);
}
