// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

enum { IDENTITY_SIZE = 256 };

void report_text_begin(FILE *out, const struct clock *clock)
{
	(void)fprintf(out,
		      "clock: CLOCK_MONOTONIC, step %.3g ns, read %.3g ns; loop %.3g ns; cycle "
		      "%.3g ns\n",
		      clock->resolution_ns, clock->cost_ns, clock->loop_ns, clock->cycle_ns);
	(void)fprintf(out, "%-32s %-9s %-10s %11s %-6s %-25s %11s %11s %6s\n", "benchmark",
		      "placement", "metric", "median", "unit", "interval of the median", "min",
		      "p99", "n");
}

static void print_metric(FILE *out, const struct result *result, const struct metric *metric)
{
	const struct stats *stats = &metric->stats;
	const struct figure_kind *kind = result_kind(result, metric);
	char interval[40];
	char identity[IDENTITY_SIZE];

	spec_text(&result->spec, identity, sizeof(identity));
	(void)snprintf(interval, sizeof(interval), "%.5g .. %.5g", stats->median_interval.low,
		       stats->median_interval.high);
	(void)fprintf(out, "%-32s %-9s %-10s %11.5g %-6s %-25s %11.5g %11.5g %6zu%s%s\n", identity,
		      placement_name(result->spec.placement), kind->metric, stats->median,
		      kind->unit, interval, stats->min, stats->p99, metric->sampling.count,
		      metric->sampling.converged ? "" : "  not converged",
		      metric->sampling.stationary ? "" : "  warm-up unfinished");
}

void report_text_result(FILE *out, const struct result *result)
{
	const char *verdict = result->status == STATUS_SKIP ? "SKIP" : "ERROR";
	char identity[IDENTITY_SIZE];

	spec_text(&result->spec, identity, sizeof(identity));
	if (result->status != STATUS_DONE)
		(void)fprintf(out, "%-32s %-9s %s: %s\n", identity,
			      placement_name(result->spec.placement), verdict, result->reason);
	for (size_t i = 0; i < result->metric_count; i++)
		print_metric(out, result, &result->metrics[i]);
	(void)fflush(out);
}
