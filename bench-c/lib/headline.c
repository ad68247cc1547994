// SPDX-License-Identifier: GPL-2.0-or-later
#include "headline.h"

#include <math.h>
#include <string.h>

/* One CPU at a time does all the work of a single task, wherever that is; several tasks share
 * one only if they are told to. Of several copies the best sample is one in which others were
 * held up. */
static bool on_one_cpu(const struct spec *spec)
{
	return spec->copies <= 1 &&
	       (spec->placement == PLACEMENT_SAME_CPU || spec_tasks(spec) == 1);
}

bool headline_is_best(const struct result *result)
{
	switch (result->spec.bench->estimator) {
	case BENCH_BEST:
		return true;
	case BENCH_MEDIAN:
		return false;
	case BENCH_BY_PLACEMENT:
		break;
	}
	return !result->remote && on_one_cpu(&result->spec);
}

struct headline headline_of(const struct result *result, const struct metric *metric)
{
	const struct stats *stats = &metric->stats;
	bool higher = strcmp(result_kind(result, metric)->direction, "higher") == 0;

	/* The overhead's least is what is subtracted. */
	if (metric->is_overhead || headline_is_best(result))
		return (struct headline){"best", higher ? stats->max : stats->min};
	return (struct headline){"median", stats->median};
}

double headline_detectable_percent(const struct metric *metric)
{
	double percent = 200 * stats_relative_half_width(&metric->stats.median_interval,
							 metric->stats.median);

	return isfinite(percent) ? percent : 100;
}
