// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is: for `kbench list` and `kbench show`. */
#include "report.h"

#include "registry.h"
#include "spec.h"

static bool spreads(const struct bench *bench)
{
	return bench->tasks > 1 || bench->tasks_parameter != NULL || bench->copies != BENCH_ALONE;
}

static void write_placements(struct json *json, const struct bench *bench)
{
	json_key(json, "placements");
	json_begin_array(json);
	for (int i = 0; i < PLACEMENT_COUNT; i++)
		if (i == PLACEMENT_SAME_CPU || i == PLACEMENT_FREE || spreads(bench))
			json_put_string(json, placement_name((enum placement)i));
	json_end_array(json);
}

static void write_parameter(struct json *json, const struct bench_parameter *parameter)
{
	json_begin_object(json);
	json_put_string_at(json, "name", parameter->name);
	json_put_string_at(json, "about", parameter->about == NULL ? "" : parameter->about);
	if (parameter->text != NULL) {
		json_put_string_at(json, "default", parameter->text);
	} else if (parameter->words != NULL) {
		json_put_string_at(json, "default", parameter->words[parameter->value]);
		json_key(json, "choices");
		json_begin_array(json);
		for (size_t i = 0; parameter->words[i] != NULL; i++)
			json_put_string(json, parameter->words[i]);
		json_end_array(json);
	} else {
		json_put_integer_at(json, "default", parameter->value);
		json_put_integer_at(json, "min", parameter->min);
		json_put_integer_at(json, "max", parameter->max);
	}
	json_end_object(json);
}

static void write_bench(struct json *json, const struct bench *bench)
{
	const struct figure_kind *kind = figure_kind(bench->figure);

	json_begin_object(json);
	json_put_string_at(json, "name", bench->name);
	json_put_string_at(json, "unit", kind->unit);
	json_put_string_at(json, "direction", kind->direction);
	json_put_string_at(json, "summary", bench->summary);
	json_put_string_at(json, "metric", kind->metric);
	json_put_integer_at(json, "timeout_s", registry_timeout_s(bench));
	write_placements(json, bench);
	json_key(json, "copy_kinds");
	json_begin_array(json);
	if (bench->copies & BENCH_AS_PROCESSES)
		json_put_string(json, "process");
	if (bench->copies & BENCH_AS_THREADS)
		json_put_string(json, "thread");
	json_end_array(json);
	json_key(json, "parameters");
	json_begin_array(json);
	for (const struct bench_parameter *p = bench->parameters; p != NULL && p->name != NULL; p++)
		write_parameter(json, p);
	json_end_array(json);
	json_end_object(json);
}

void report_list_json(FILE *out)
{
	struct json json = {.out = out};

	json_begin_array(&json);
	for (size_t i = 0; i < registry_count(); i++)
		if (!registry_at(i)->hidden)
			write_bench(&json, registry_at(i));
	json_end_array(&json);
}

void report_list_text(FILE *out)
{
	for (size_t i = 0; i < registry_count(); i++)
		if (!registry_at(i)->hidden)
			(void)fprintf(out, "%-24s %s\n", registry_at(i)->name,
				      registry_at(i)->summary);
}

static void print_parameter(FILE *out, const struct bench_parameter *parameter)
{
	(void)fprintf(out, "parameter:  %s = ", parameter->name);
	if (parameter->text != NULL)
		(void)fprintf(out, "\"%s\"", parameter->text);
	else if (parameter->words != NULL)
		(void)fprintf(out, "%s", parameter->words[parameter->value]);
	else
		(void)fprintf(out, "%lld", (long long)parameter->value);
	for (size_t i = 0; parameter->words != NULL && parameter->words[i] != NULL; i++)
		(void)fprintf(out, "%s%s", i == 0 ? " of " : "|", parameter->words[i]);
	if (parameter->words == NULL && parameter->max > parameter->min)
		(void)fprintf(out, " in %lld..%lld", (long long)parameter->min,
			      (long long)parameter->max);
	(void)fprintf(out, "%s%s\n", parameter->about == NULL ? "" : "  ",
		      parameter->about == NULL ? "" : parameter->about);
}

void report_documentation(FILE *out, const struct bench *bench)
{
	const struct figure_kind *kind = figure_kind(bench->figure);

	(void)fprintf(out, "%s - %s\n\n%s\n\n", bench->name, bench->summary, bench->doc);
	(void)fprintf(out, "figure:     %s in %s, %s is better\n", kind->metric, kind->unit,
		      kind->direction);
	(void)fprintf(out, "placements: same-cpu%s, free\n", spreads(bench) ? ", cross-cpu" : "");
	if (bench->copies != BENCH_ALONE)
		(void)fprintf(out, "copies:     several at once, as %s%s%s\n",
			      bench->copies & BENCH_AS_PROCESSES ? "processes" : "",
			      bench->copies == (BENCH_AS_PROCESSES | BENCH_AS_THREADS) ? " or "
										       : "",
			      bench->copies & BENCH_AS_THREADS ? "threads" : "");
	for (const struct bench_parameter *p = bench->parameters; p != NULL && p->name != NULL; p++)
		print_parameter(out, p);
	(void)fprintf(out, "timeout:    %u s beyond the time budget\n", registry_timeout_s(bench));
}
