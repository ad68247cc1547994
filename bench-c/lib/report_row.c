// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_row.h"

#include "headline.h"
#include "noise.h"
#include "readable.h"
#include "report_counts.h"

enum { IDENTITY_SIZE = 256, NUMBER_SIZE = 32, NOTE_SIZE = 256 };

void report_row_head(FILE *out)
{
	(void)fprintf(out, "%-32s %-10s %-9s %9s %-6s%-7s %9s %-22s %5s  %s\n", "benchmark",
		      "placement", "metric", "figure", "", "by", "median", "interval of the median",
		      "n", "notes");
}

static void print_modes(FILE *out, const struct modes *modes, const struct readable_unit *unit)
{
	char number[NUMBER_SIZE];

	if (modes->count < 2)
		return;
	(void)fprintf(out, "  %zu modes:", modes->count);
	for (size_t i = 0; i < modes->count; i++) {
		readable_number(modes->modes[i].median, unit, number, sizeof(number));
		(void)fprintf(out, "%s %s (%.0f %%)", i == 0 ? "" : ",", number,
			      100 * modes->modes[i].share);
	}
	(void)fprintf(out, ";");
}

/* Only `free` leaves it open. */
static void print_seen(FILE *out, const struct result *result)
{
	const struct seen *seen = &result->seen;
	double looks = (double)(seen->together + seen->apart + seen->mixed);

	if (result->spec.placement == PLACEMENT_FREE && looks > 0)
		(void)fprintf(out, "  on one CPU %.0f %%, apart %.0f %%;",
			      100 * (double)seen->together / looks,
			      100 * (double)seen->apart / looks);
}

static void print_notes(FILE *out, const struct result *result, const struct metric *metric,
			const struct readable_unit *unit)
{
	const struct sampling *sampling = &metric->sampling;
	struct noise_summary summary = noise_summary(sampling->flags, sampling->count);
	char disturbed[NOTE_SIZE];

	if (!sampling->converged)
		(void)fprintf(out, "  not converged;");
	if (!sampling->stationary)
		(void)fprintf(out, "  warm-up unfinished;");
	print_modes(out, &metric->stats.modes, unit);
	if (!metric->is_overhead) {
		print_seen(out, result);
		report_counts_note(out, result);
	}
	noise_text(&summary, sampling->count, disturbed, sizeof(disturbed));
	const char *evidence = noise_evidence(&summary, sampling->count, metric->watched);
	if (disturbed[0] != '\0')
		(void)fprintf(out, "  %s: %s", evidence, disturbed);
	(void)fprintf(out, "\n");
}

void report_row_metric(FILE *out, const struct result *result, const struct metric *metric)
{
	const struct stats *stats = &metric->stats;
	const struct figure_kind *kind = result_kind(result, metric);
	struct headline headline = headline_of(result, metric);
	struct readable_unit unit = readable_unit(headline.value, kind->unit);
	char identity[IDENTITY_SIZE];
	char figure[NUMBER_SIZE];
	char median[NUMBER_SIZE];
	char low[NUMBER_SIZE];
	char high[NUMBER_SIZE];
	char interval[2 * NUMBER_SIZE + 4];

	spec_text(&result->spec, identity, sizeof(identity));
	readable_number(headline.value, &unit, figure, sizeof(figure));
	readable_number(stats->median, &unit, median, sizeof(median));
	readable_number(stats->median_interval.low, &unit, low, sizeof(low));
	readable_number(stats->median_interval.high, &unit, high, sizeof(high));
	(void)snprintf(interval, sizeof(interval), "%s .. %s", low, high);
	(void)fprintf(out, "%-32s %-10s %-9s %9s %-6s%-7s %9s %-22s %5zu", identity,
		      placement_name(result->spec.placement), kind->metric, figure, unit.name,
		      headline.estimator, median, interval, metric->sampling.count);
	print_notes(out, result, metric, &unit);
}

void report_row_reason(FILE *out, const struct result *result)
{
	char identity[IDENTITY_SIZE];

	spec_text(&result->spec, identity, sizeof(identity));
	(void)fprintf(out, "%-32s %-10s %s: %s\n", identity, placement_name(result->spec.placement),
		      result->status == STATUS_SKIP ? "SKIP" : "ERROR", result->reason);
}
