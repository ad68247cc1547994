// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for programs. */
#include "comparison.h"

#include "json.h"

#include <stdio.h>

static const char *const verdict_names[] = {
	[VERDICT_UNCLEAR] = "unclear",
	[VERDICT_BETTER] = "better",
	[VERDICT_WORSE] = "worse",
	[VERDICT_NO_RATIO] = "no-ratio",
};

static void copy_value(struct json *json, const struct json_value *value)
{
	switch (value->kind) {
	case JSON_IS_STRING:
		json_put_string(json, value->text);
		break;
	case JSON_IS_NUMBER:
		json_put_number(json, value->number);
		break;
	default:
		json_put_bool(json, value->kind == JSON_IS_TRUE);
		break;
	}
}

static void copy_object(struct json *json, const char *key, const struct json_value *object)
{
	json_key(json, key);
	json_begin_object(json);
	for (const struct json_value *at = object == NULL ? NULL : object->first; at != NULL;
	     at = at->next) {
		if (at->kind == JSON_IS_ARRAY || at->kind == JSON_IS_OBJECT)
			continue;
		json_key(json, at->key);
		copy_value(json, at);
	}
	json_end_object(json);
}

static void put_side(struct json *json, const char *key, const struct json_value *root)
{
	json_key(json, key);
	json_begin_object(json);
	copy_object(json, "host", json_get(root, "host"));
	copy_object(json, "harness", json_get(root, "harness"));
	copy_object(json, "clock", json_get(root, "clock"));
	json_end_object(json);
}

static void put_identity(struct json *json, const struct json_value *benchmark)
{
	json_put_string_at(json, "name", json_text_of(benchmark, "name", ""));
	json_put_string_at(json, "placement", json_text_of(benchmark, "placement", ""));
	copy_object(json, "parameters", json_get(benchmark, "parameters"));
}

static void put_row(struct json *json, const struct comparison_row *row)
{
	const struct change *change = &row->change;

	json_begin_object(json);
	put_identity(json, row->benchmark);
	json_put_string_at(json, "metric", row->metric);
	json_put_string_at(json, "unit", row->unit);
	json_put_string_at(json, "direction", row->lower_is_better ? "lower" : "higher");
	json_put_number_at(json, "before", change->quoted_before);
	json_put_number_at(json, "after", change->quoted_after);
	json_put_number_at(json, "median_before", change->before);
	json_put_number_at(json, "median_after", change->after);
	if (change->verdict != VERDICT_NO_RATIO) {
		json_put_number_at(json, "change_percent", change->quoted_percent);
		json_put_number_at(json, "median_percent", change->percent);
		json_put_number_at(json, "low_percent", change->low_percent);
		json_put_number_at(json, "high_percent", change->high_percent);
		json_put_number_at(json, "confidence", change->confidence);
	}
	json_put_string_at(json, "verdict", verdict_names[change->verdict]);
	json_put_bool_at(json, "stationary", row->steady);
	json_put_bool_at(json, "poor_evidence", row->disturbed);
	json_put_bool_at(json, "by_rounds", row->by_rounds);
	json_end_object(json);
}

static void put_counts(struct json *json, const struct comparison *comparison)
{
	json_key(json, "counts_per_op");
	json_begin_array(json);
	for (size_t i = 0; i < comparison->count_count; i++) {
		const struct count_change *at = &comparison->counts[i];
		json_begin_object(json);
		put_identity(json, at->benchmark);
		json_put_string_at(json, "count", at->count);
		json_put_number_at(json, "before", at->before);
		json_put_number_at(json, "after", at->after);
		json_end_object(json);
	}
	json_end_array(json);
}

static void put_unmatched(struct json *json, const struct comparison *comparison)
{
	json_key(json, "not_compared");
	json_begin_array(json);
	for (size_t i = 0; i < comparison->unmatched_count; i++) {
		const struct unmatched *at = &comparison->unmatched[i];
		json_begin_object(json);
		put_identity(json, at->benchmark);
		json_put_string_at(json, "side", at->in_before ? "before" : "after");
		json_put_bool_at(json, "only_there", !at->has_counterpart);
		json_put_string_at(json, "status", json_text_of(at->benchmark, "status", ""));
		json_put_string_at(json, "reason", json_text_of(at->benchmark, "reason", ""));
		json_end_object(json);
	}
	json_end_array(json);
}

void comparison_json(const struct comparison *comparison)
{
	struct json json = {.out = stdout};

	json_begin_object(&json);
	json_put_string_at(&json, "schema", "kdyno.kbench.compare/1");
	put_side(&json, "before", comparison->before.root);
	put_side(&json, "after", comparison->after.root);
	put_counts(&json, comparison);
	json_key(&json, "figures");
	json_begin_array(&json);
	for (size_t i = 0; i < comparison->row_count; i++)
		put_row(&json, &comparison->rows[i]);
	json_end_array(&json);
	put_unmatched(&json, comparison);
	json_end_object(&json);
}
