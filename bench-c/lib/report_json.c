// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include "provenance.h"
#include "registry.h"

static const char *const status_names[] = {
	[STATUS_DONE] = "done",
	[STATUS_ERROR] = "error",
	[STATUS_SKIP] = "skip",
};

const char *report_version(void)
{
	return KBENCH_VERSION;
}

void report_json_begin(struct json *json, const struct clock *clock)
{
	json_begin_object(json);
	json_put_string_at(json, "schema", "kdyno.kbench/1");
	provenance_json(json);
	json_key(json, "clock");
	json_begin_object(json);
	json_put_string_at(json, "source", "CLOCK_MONOTONIC");
	json_put_number_at(json, "resolution_ns", clock->resolution_ns);
	json_put_number_at(json, "cost_ns", clock->cost_ns);
	json_put_number_at(json, "loop_ns", clock->loop_ns);
	json_put_number_at(json, "cycle_ns", clock->cycle_ns);
	json_end_object(json);
	json_key(json, "benchmarks");
	json_begin_array(json);
}

static void write_metric(struct json *json, const struct result *result,
			 const struct metric *metric)
{
	const struct sampling *sampling = &metric->sampling;
	const struct stats *stats = &metric->stats;
	const struct figure_kind *kind = result_kind(result, metric);

	json_begin_object(json);
	json_put_string_at(json, "name", kind->metric);
	json_put_string_at(json, "unit", kind->unit);
	json_put_string_at(json, "direction", kind->direction);
	json_put_integer_at(json, "operations_per_sample", (int64_t)metric->operations_per_sample);
	json_key(json, "samples");
	json_begin_array(json);
	for (size_t i = 0; i < sampling->count; i++)
		json_put_number(json, sampling->samples[i]);
	json_end_array(json);
	json_put_number_at(json, "min", stats->min);
	json_put_number_at(json, "median", stats->median);
	json_put_number_at(json, "p90", stats->p90);
	json_put_number_at(json, "p99", stats->p99);
	json_put_number_at(json, "mad", stats->mad);
	json_put_number_at(json, "median_low", stats->median_interval.low);
	json_put_number_at(json, "median_high", stats->median_interval.high);
	json_put_number_at(json, "confidence", stats->median_interval.confidence);
	json_put_bool_at(json, "converged", sampling->converged);
	json_put_bool_at(json, "stationary", sampling->stationary);
	json_put_integer_at(json, "warmup_samples", (int64_t)sampling->warmup_count);
	json_end_object(json);
}

/* What the parameters are in this run; copies only where there are several. */
static void write_values(struct json *json, const struct spec *spec)
{
	const struct bench_parameter *p = spec->bench->parameters;

	json_key(json, "parameters");
	json_begin_object(json);
	for (size_t i = 0; p != NULL && p[i].name != NULL; i++) {
		if (p[i].text != NULL)
			json_put_string_at(json, p[i].name, spec->texts[i]);
		else if (p[i].words != NULL)
			json_put_string_at(json, p[i].name, p[i].words[spec->values[i]]);
		else
			json_put_integer_at(json, p[i].name, spec->values[i]);
	}
	if (spec->copies > 1) {
		json_put_integer_at(json, "copies", spec->copies);
		json_put_string_at(json, "copy_kind", spec->threads ? "thread" : "process");
	}
	json_end_object(json);
}

static void write_counts(struct json *json, const struct counts_per_operation *counts)
{
	json_key(json, "counts_per_op");
	json_begin_object(json);
	if (counts->known) {
		json_put_number_at(json, "voluntary_switches", counts->voluntary_switches);
		json_put_number_at(json, "involuntary_switches", counts->involuntary_switches);
		json_put_number_at(json, "minor_faults", counts->minor_faults);
		json_put_number_at(json, "major_faults", counts->major_faults);
	}
	json_end_object(json);
}

void report_json_result(struct json *json, const struct result *result)
{
	static const struct counts_per_operation unknown;
	bool done = result->status == STATUS_DONE;

	json_begin_object(json);
	json_put_string_at(json, "name", result->spec.bench->name);
	json_put_string_at(json, "summary", result->spec.bench->summary);
	json_put_string_at(json, "placement", placement_name(result->spec.placement));
	write_values(json, &result->spec);
	json_put_string_at(json, "status", status_names[result->status]);
	json_put_string_at(json, "reason", result->reason);
	json_key(json, "metrics");
	json_begin_array(json);
	for (size_t i = 0; i < result->metric_count; i++)
		write_metric(json, result, &result->metrics[i]);
	json_end_array(json);
	write_counts(json, done ? &result->counts : &unknown);
	json_end_object(json);
	(void)fflush(json->out);
}

void report_json_end(struct json *json)
{
	json_end_array(json);
	json_end_object(json);
}
