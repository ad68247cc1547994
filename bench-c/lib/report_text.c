// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include "counters.h"
#include "report_row.h"

void report_text_begin(FILE *out, const struct clock *clock)
{
	const char *counters = counters_obstacle();

	(void)fprintf(out,
		      "clock: CLOCK_MONOTONIC, step %.3g ns, read %.3g ns; loop %.3g ns; cycle "
		      "%.3g ns\n",
		      clock->resolution_ns, clock->cost_ns, clock->loop_ns, clock->cycle_ns);
	if (counters != NULL)
		(void)fprintf(out, "hardware counters: %s\n", counters);
	report_row_head(out);
}

void report_text_result(FILE *out, const struct result *result)
{
	if (result->status != STATUS_DONE)
		report_row_reason(out, result);
	for (size_t i = 0; i < result->metric_count; i++)
		report_row_metric(out, result, &result->metrics[i]);
	(void)fflush(out);
}
