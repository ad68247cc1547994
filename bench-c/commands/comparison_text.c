// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people. */
#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { IDENTITY_SIZE = 256, SPEED_TOLERANCE_PERCENT = 2 };

static const char *const verdict_names[] = {
	[VERDICT_UNCLEAR] = "",
	[VERDICT_BETTER] = "better",
	[VERDICT_WORSE] = "WORSE",
	[VERDICT_NO_RATIO] = "no ratio",
};

void comparison_identity(const struct json_value *benchmark, char *text, size_t size)
{
	const struct json_value *parameters = json_get(benchmark, "parameters");
	size_t used = (size_t)snprintf(text, size, "%s", json_text_of(benchmark, "name", ""));

	for (const struct json_value *at = parameters->first; at != NULL && used < size;
	     at = at->next) {
		if (at->kind == JSON_IS_STRING && *at->text != '\0')
			used += (size_t)snprintf(text + used, size - used, ":%s=%s", at->key,
						 at->text);
		else if (at->kind == JSON_IS_NUMBER)
			used += (size_t)snprintf(text + used, size - used, ":%s=%.15g", at->key,
						 at->number);
	}
}

static void print_side(const char *label, const char *path, const struct json_value *root)
{
	const struct json_value *host = json_get(root, "host");

	(void)printf("%-7s %s: kernel %s on %s, %g CPUs, %s\n", label, path,
		     json_text_of(host, "uname_release", "unknown"),
		     json_text_of(host, "machine", "unknown"),
		     json_number_of(host, "cpus_online", 0),
		     json_text_of(host, "cpu_model", "unknown CPU"));
}

static void print_text_difference(const struct json_value *before, const struct json_value *after,
				  const char *key)
{
	const char *was = json_text_of(before, key, "");
	const char *is = json_text_of(after, key, "");

	if (strcmp(was, is) != 0)
		(void)printf("differs %s: %s, then %s\n", key, was, is);
}

static void print_number_difference(const struct json_value *before, const struct json_value *after,
				    const char *key, double tolerance_percent, const char *meaning)
{
	double was = json_number_of(before, key, 0);
	double is = json_number_of(after, key, 0);

	if (was > 0 && is > 0 && 100 * fabs(is / was - 1) > tolerance_percent)
		(void)printf("differs %s: %.4g, then %.4g%s\n", key, was, is, meaning);
}

/* Whatever else than the kernel may be behind a change. */
static void print_header(const struct comparison *comparison, const char *before_path,
			 const char *after_path)
{
	static const char *const of_host[] = {"uname_release", "machine", "cpu_model",
					      "clocksource", NULL};
	static const char *const of_harness[] = {"version", "compiler", "flags", NULL};
	const struct json_value *before = comparison->before.root;
	const struct json_value *after = comparison->after.root;

	print_side("before", before_path, before);
	print_side("after", after_path, after);
	for (size_t i = 0; of_host[i] != NULL; i++)
		print_text_difference(json_get(before, "host"), json_get(after, "host"),
				      of_host[i]);
	for (size_t i = 0; of_harness[i] != NULL; i++)
		print_text_difference(json_get(before, "harness"), json_get(after, "harness"),
				      of_harness[i]);
	print_number_difference(json_get(before, "host"), json_get(after, "host"), "cpus_online", 0,
				"");
	print_number_difference(json_get(before, "clock"), json_get(after, "clock"), "cycle_ns",
				SPEED_TOLERANCE_PERCENT,
				" (the core ran at another speed, which moves every figure)");
	print_number_difference(json_get(before, "clock"), json_get(after, "clock"), "cost_ns", 10,
				"");
}

static void print_counts(const struct comparison *comparison)
{
	char identity[IDENTITY_SIZE];

	if (comparison->count_count == 0) {
		(void)printf("\nThe kernel's own counts per operation are the same in both.\n");
		return;
	}
	(void)printf("\nCounts per operation that changed; no noise makes these:\n");
	for (size_t i = 0; i < comparison->count_count; i++) {
		const struct count_change *at = &comparison->counts[i];
		comparison_identity(at->benchmark, identity, sizeof(identity));
		(void)printf("%-40s %-9s %-20s %.4g -> %.4g\n", identity,
			     json_text_of(at->benchmark, "placement", ""), at->count, at->before,
			     at->after);
	}
}

static void print_row(const struct comparison_row *row)
{
	const struct change *change = &row->change;
	char identity[IDENTITY_SIZE];
	char percent[32] = "";
	char interval[48] = "";

	comparison_identity(row->benchmark, identity, sizeof(identity));
	if (change->verdict != VERDICT_NO_RATIO) {
		(void)snprintf(percent, sizeof(percent), "%+.2f %%", change->quoted_percent);
		(void)snprintf(interval, sizeof(interval), "%+.2f .. %+.2f", change->low_percent,
			       change->high_percent);
	}
	(void)printf("%-40s %-9s %-9s %11.5g %11.5g %-5s %10s %20s  %s%s%s\n", identity,
		     json_text_of(row->benchmark, "placement", ""), row->metric,
		     change->quoted_before, change->quoted_after, row->unit, percent, interval,
		     verdict_names[change->verdict], row->by_rounds ? "  (by rounds)" : "",
		     row->disturbed ? "  (poor evidence)"
		     : row->steady  ? ""
				    : "  (warm-up unfinished)");
}

static void print_unmatched(const struct comparison *comparison)
{
	char identity[IDENTITY_SIZE];

	if (comparison->unmatched_count > 0)
		(void)printf("\nNot compared:\n");
	for (size_t i = 0; i < comparison->unmatched_count; i++) {
		const struct unmatched *at = &comparison->unmatched[i];
		const char *where = at->in_before ? "before" : "after";
		comparison_identity(at->benchmark, identity, sizeof(identity));
		(void)printf("%-40s %-9s ", identity, json_text_of(at->benchmark, "placement", ""));
		if (at->has_counterpart)
			(void)printf("%s %s: %s\n", json_text_of(at->benchmark, "status", ""),
				     where, json_text_of(at->benchmark, "reason", ""));
		else
			(void)printf("only %s\n", where);
	}
}

void comparison_text(const struct comparison *comparison, const char *before_path,
		     const char *after_path)
{
	size_t clear = 0;

	print_header(comparison, before_path, after_path);
	print_counts(comparison);
	(void)printf("\n%-40s %-9s %-9s %11s %11s %-5s %10s %20s\n", "benchmark", "placement",
		     "metric", "before", "after", "unit", "change", "median, 95 %");
	for (size_t i = 0; i < comparison->row_count; i++) {
		enum verdict verdict = comparison->rows[i].change.verdict;
		clear += verdict == VERDICT_BETTER || verdict == VERDICT_WORSE;
		print_row(&comparison->rows[i]);
	}
	print_unmatched(comparison);
	(void)printf(
		"\n%zu of %zu figures changed beyond their interval; of so many, %.0f would do "
		"so by chance.\n",
		clear, comparison->row_count, ceil(0.05 * (double)comparison->row_count));
	(void)printf(
		"Before and after are the figures that each file quotes; the interval is of the "
		"change of the median.\nThe intervals know of these two runs only. One boot of each cannot tell a "
		"kernel from a boot:\nrun several boots of both in turn and see kdyno analyze "
		"compare.\n");
}
