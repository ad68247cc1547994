// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include "registry.h"

void report_text_begin(FILE *out, const struct clock *clock)
{
	(void)fprintf(out,
		      "clock: CLOCK_MONOTONIC, step %.3g ns, read %.3g ns; loop %.3g ns; cycle "
		      "%.3g ns\n",
		      clock->resolution_ns, clock->cost_ns, clock->loop_ns, clock->cycle_ns);
	(void)fprintf(out, "%-22s %-9s %-10s %11s %-6s %-25s %11s %11s %6s\n", "benchmark",
		      "placement", "metric", "median", "unit", "interval of the median", "min",
		      "p99", "n");
}

static void print_metric(FILE *out, const struct result *result, const struct metric *metric)
{
	const struct stats *stats = &metric->stats;
	char interval[40];

	(void)snprintf(interval, sizeof(interval), "%.5g .. %.5g", stats->median_interval.low,
		       stats->median_interval.high);
	(void)fprintf(out, "%-22s %-9s %-10s %11.5g %-6s %-25s %11.5g %11.5g %6zu%s%s\n",
		      result->bench->name, placement_name(result->placement), metric->name,
		      stats->median, metric->unit, interval, stats->min, stats->p99,
		      metric->sampling.count, metric->sampling.converged ? "" : "  not converged",
		      metric->sampling.stationary ? "" : "  warm-up unfinished");
}

void report_text_result(FILE *out, const struct result *result)
{
	const char *verdict = result->status == STATUS_SKIP ? "SKIP" : "ERROR";

	if (result->status != STATUS_DONE)
		(void)fprintf(out, "%-22s %-9s %s: %s\n", result->bench->name,
			      placement_name(result->placement), verdict, result->reason);
	for (size_t i = 0; i < result->metric_count; i++)
		print_metric(out, result, &result->metrics[i]);
	(void)fflush(out);
}

void report_list_text(FILE *out)
{
	for (size_t i = 0; i < registry_count(); i++)
		(void)fprintf(out, "%-22s %s\n", registry_at(i)->name, registry_at(i)->summary);
}

void report_documentation(FILE *out, const struct bench *bench)
{
	const struct figure_kind *kind = figure_kind(bench->figure);

	(void)fprintf(out, "%s - %s\n\n%s\n\n", bench->name, bench->summary, bench->doc);
	(void)fprintf(out, "figure:     %s in %s, %s is better\n", kind->metric, kind->unit,
		      kind->direction);
	(void)fprintf(out, "placements: same-cpu%s, free\n", bench->tasks > 1 ? ", cross-cpu" : "");
	for (const struct bench_parameter *p = bench->parameters; p != NULL && p->name != NULL; p++)
		(void)fprintf(out, "parameter:  %s = %lld\n", p->name, (long long)p->value);
	(void)fprintf(out, "timeout:    %u s beyond the time budget\n", bench->timeout_s);
}
