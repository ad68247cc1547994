// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include "counters.h"
#include "headline.h"
#include "noise.h"
#include "provenance.h"
#include "registry.h"
#include "report_counts.h"

enum { WORDS_SIZE = 1024 };

static const char *const status_names[] = {
	[STATUS_DONE] = "done",
	[STATUS_ERROR] = "error",
	[STATUS_SKIP] = "skip",
};

const char *report_version(void)
{
	return KBENCH_VERSION;
}

/* What this machine cannot tell. */
static void write_notes(struct json *json)
{
	const char *obstacle = counters_obstacle();
	char note[128];

	json_key(json, "notes");
	json_begin_array(json);
	if (obstacle != NULL) {
		(void)snprintf(note, sizeof(note), "hardware counters: %s", obstacle);
		json_put_string(json, note);
	}
	json_end_array(json);
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
	write_notes(json);
	json_key(json, "benchmarks");
	json_begin_array(json);
}

static void write_headline(struct json *json, const struct result *result,
			   const struct metric *metric)
{
	struct headline headline = headline_of(result, metric);

	json_key(json, "headline");
	json_begin_object(json);
	json_put_string_at(json, "estimator", headline.estimator);
	json_put_number_at(json, "value", headline.value);
	json_end_object(json);
}

static void write_stats(struct json *json, const struct stats *stats)
{
	json_put_number_at(json, "min", stats->min);
	json_put_number_at(json, "p5", stats->p5);
	json_put_number_at(json, "p25", stats->p25);
	json_put_number_at(json, "median", stats->median);
	json_put_number_at(json, "p90", stats->p90);
	json_put_number_at(json, "p99", stats->p99);
	json_put_number_at(json, "max", stats->max);
	json_put_number_at(json, "mad", stats->mad);
	json_put_number_at(json, "median_low", stats->median_interval.low);
	json_put_number_at(json, "median_high", stats->median_interval.high);
	json_put_number_at(json, "confidence", stats->median_interval.confidence);
	json_put_number_at(json, "autocorrelation", stats->autocorrelation);
	json_key(json, "modes");
	json_begin_array(json);
	for (size_t i = 0; i < stats->modes.count; i++) {
		json_begin_object(json);
		json_put_number_at(json, "share", stats->modes.modes[i].share);
		json_put_number_at(json, "median", stats->modes.modes[i].median);
		json_end_object(json);
	}
	json_end_array(json);
}

/* Of kinds that could not be told there is no count. */
static void write_noise(struct json *json, const struct metric *metric)
{
	const struct sampling *sampling = &metric->sampling;
	struct noise_summary summary = noise_summary(sampling->flags, sampling->count);

	json_key(json, "noise");
	json_begin_object(json);
	json_put_integer_at(json, "tainted", (int64_t)summary.tainted);
	json_key(json, "by_kind");
	json_begin_object(json);
	for (unsigned kind = 0; kind < NOISE_KINDS; kind++)
		if (metric->watched >> kind & 1)
			json_put_integer_at(json, noise_names[kind],
					    (int64_t)summary.by_kind[kind]);
	json_end_object(json);
	json_key(json, "flags");
	json_begin_array(json);
	for (size_t i = 0; i < sampling->count; i++)
		json_put_integer(json, sampling->flags[i]);
	json_end_array(json);
	json_end_object(json);
	json_put_string_at(json, "evidence",
			   noise_evidence(&summary, sampling->count, metric->watched));
}

static void write_counters(struct json *json, const struct counting *counting)
{
	json_key(json, "counters");
	json_begin_object(json);
	for (unsigned kind = 0; kind < COUNTER_KINDS; kind++) {
		if (!counting->known[kind])
			continue;
		json_key(json, counter_names[kind]);
		json_begin_array(json);
		for (size_t i = 0; i < counting->passes; i++)
			json_put_number(json, counting->values[kind][i]);
		json_end_array(json);
	}
	json_end_object(json);
}

static void write_metric(struct json *json, const struct result *result,
			 const struct metric *metric)
{
	static const struct counting nothing_counted;
	const struct sampling *sampling = &metric->sampling;
	const struct figure_kind *kind = result_kind(result, metric);

	json_begin_object(json);
	json_put_string_at(json, "name", kind->metric);
	json_put_string_at(json, "unit", kind->unit);
	json_put_string_at(json, "direction", kind->direction);
	write_headline(json, result, metric);
	json_put_integer_at(json, "operations_per_sample", (int64_t)metric->operations_per_sample);
	json_key(json, "samples");
	json_begin_array(json);
	for (size_t i = 0; i < sampling->count; i++)
		json_put_number(json, sampling->samples[i]);
	json_end_array(json);
	write_stats(json, &metric->stats);
	json_put_bool_at(json, "converged", sampling->converged);
	json_put_bool_at(json, "stationary", sampling->stationary);
	json_put_integer_at(json, "warmup_samples", (int64_t)sampling->warmup_count);
	write_noise(json, metric);
	json_put_number_at(json, "minimum_detectable_percent", headline_detectable_percent(metric));
	report_counts_json(json, result, metric);
	write_counters(json, metric->is_overhead ? &nothing_counted : &result->counting);
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

static void write_counts(struct json *json, const struct result *result)
{
	const struct counts_per_operation *counts = &result->counts;
	const struct counting *counting = &result->counting;

	if (counts->known) {
		json_put_number_at(json, "voluntary_switches", counts->voluntary_switches);
		json_put_number_at(json, "involuntary_switches", counts->involuntary_switches);
		json_put_number_at(json, "minor_faults", counts->minor_faults);
		json_put_number_at(json, "major_faults", counts->major_faults);
	}
	if (counts->known && counts->has_migrations)
		json_put_number_at(json, "migrations", counts->migrations);
	else if (counting->known[COUNTER_MIGRATIONS])
		json_put_number_at(json, "migrations",
				   counting_typical(counting, COUNTER_MIGRATIONS));
	if (counts->known && counts->has_wakeups)
		json_put_number_at(json, "wakeups", counts->wakeups);
	if (counting->known[COUNTER_SYSCALLS])
		json_put_number_at(json, "syscalls", counting_typical(counting, COUNTER_SYSCALLS));
}

/* Nothing where there is one task, or where nobody looked. */
static void write_seen(struct json *json, const struct seen *seen)
{
	double looks = (double)(seen->together + seen->apart + seen->mixed);

	if (looks == 0)
		return;
	json_put_number_at(json, "together", (double)seen->together / looks);
	json_put_number_at(json, "apart", (double)seen->apart / looks);
	if (seen->mixed > 0)
		json_put_number_at(json, "mixed", (double)seen->mixed / looks);
}

static void write_rounds(struct json *json, const struct result *result)
{
	json_key(json, "rounds");
	json_begin_array(json);
	for (unsigned i = 0; i < result->round_count; i++) {
		const struct round *round = &result->rounds[i];
		json_begin_object(json);
		json_put_integer_at(json, "first_sample", (int64_t)round->first_sample);
		json_put_integer_at(json, "environment_bytes", (int64_t)round->environment_bytes);
		json_put_integer_at(json, "stack_address", (int64_t)round->stack_address);
		json_put_integer_at(json, "data_address", (int64_t)round->data_address);
		json_put_number_at(json, "overhead_ns", round->overhead_ns);
		json_end_object(json);
	}
	json_end_array(json);
}

/* With the seed and the program, order and layout can be had again. */
static void write_plan(struct json *json, const struct options *options)
{
	const struct sampling_plan *plan = &options->plan;
	char seed[24];

	(void)snprintf(seed, sizeof(seed), "%llu", (unsigned long long)options->seed);
	json_key(json, "plan");
	json_begin_object(json);
	json_put_number_at(json, "budget_s", plan->budget_ns * 1e-9);
	json_put_number_at(json, "target_relative", plan->target_relative);
	json_put_integer_at(json, "samples_min", (int64_t)plan->samples_min);
	json_put_integer_at(json, "samples_max", (int64_t)plan->samples_max);
	json_put_integer_at(json, "rounds", options->rounds == 0 ? 1 : options->rounds);
	json_put_string_at(json, "seed", seed);
	json_end_object(json);
}

static void write_isolation(struct json *json, const struct isolation *isolation)
{
	json_key(json, "isolation");
	json_begin_object(json);
	json_put_integer_at(json, "fifo_priority", isolation->fifo_priority);
	json_put_bool_at(json, "lock_memory", isolation->lock_memory);
	json_put_bool_at(json, "without_huge_pages", isolation->without_huge_pages);
	json_end_object(json);
}

void report_json_result(struct json *json, const struct result *result)
{
	bool done = result->status == STATUS_DONE;
	char words[WORDS_SIZE];

	spec_text(&result->spec, words, sizeof(words));
	json_begin_object(json);
	json_put_string_at(json, "name", result->spec.bench->name);
	json_put_string_at(json, "run", words);
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
	json_key(json, "counts_per_op");
	json_begin_object(json);
	if (done)
		write_counts(json, result);
	json_end_object(json);
	json_key(json, "placement_seen");
	json_begin_object(json);
	if (done)
		write_seen(json, &result->seen);
	json_end_object(json);
	json_put_number_at(json, "spent_s", result->spent_s);
	write_plan(json, &result->options);
	write_rounds(json, result);
	write_isolation(json, &result->options.isolation);
	json_end_object(json);
	(void)fflush(json->out);
}

void report_json_end(struct json *json)
{
	json_end_array(json);
	json_end_object(json);
}
