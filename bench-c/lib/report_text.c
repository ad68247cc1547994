// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include "counters.h"
#include "host.h"
#include "report_row.h"

#include <string.h>

/* Of each vulnerability that the CPU has, the first clause of what is done about it. */
static void print_mitigations(FILE *out)
{
	static const char mitigation[] = "Mitigation: ";
	static const char unaffected[] = "Not affected";
	struct vulnerabilities found;
	size_t printed = 0;

	host_vulnerabilities(&found);
	for (size_t i = 0; i < found.count; i++) {
		const char *state = found.of[i].state;
		if (strncmp(state, unaffected, sizeof(unaffected) - 1) == 0)
			continue;
		if (strncmp(state, mitigation, sizeof(mitigation) - 1) == 0)
			state += sizeof(mitigation) - 1;
		(void)fprintf(out, "%s%s=%.*s", printed++ == 0 ? "mitigations: " : ", ",
			      found.of[i].name, (int)strcspn(state, ";,"), state);
	}
	if (printed > 0)
		(void)fprintf(out, "\n");
}

void report_text_begin(FILE *out, const struct clock *clock)
{
	const char *counters = counters_obstacle();

	(void)fprintf(out,
		      "clock: CLOCK_MONOTONIC, step %.3g ns, read %.3g ns; loop %.3g ns; cycle "
		      "%.3g ns\n",
		      clock->resolution_ns, clock->cost_ns, clock->loop_ns, clock->cycle_ns);
	print_mitigations(out);
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
