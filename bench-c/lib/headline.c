// SPDX-License-Identifier: GPL-2.0-or-later
#include "headline.h"

#include <math.h>
#include <string.h>

/* Fewer undisturbed samples make no decile. */
enum { UNDISTURBED_MIN = 30 };

/* One CPU at a time does all the work of a single task, wherever that is; several tasks share
 * one only if they are told to. Of several copies the best samples are those in which others
 * were held up. */
static bool on_one_cpu(const struct spec *spec)
{
	return spec->copies <= 1 &&
	       (spec->placement == PLACEMENT_SAME_CPU || spec_tasks(spec) == 1);
}

bool headline_is_undisturbed(const struct result *result)
{
	switch (result->spec.bench->estimator) {
	case BENCH_UNDISTURBED:
		return true;
	case BENCH_MEDIAN:
		return false;
	case BENCH_BY_PLACEMENT:
		break;
	}
	return !result->remote && on_one_cpu(&result->spec);
}

/* The figure that `share` of the samples is better than, and from half of it to one and a half
 * times: of a hundred samples the decile's rank is known within five, 90 times of 100. */
static struct headline quantile_of(double *samples, size_t count, double share, bool higher)
{
	double shares[] = {share, 0.5 * share, 1.5 * share};
	double found[3];

	stats_sort(samples, count);
	for (size_t i = 0; i < 3; i++)
		found[i] = stats_quantile(samples, count, higher ? 1 - shares[i] : shares[i]);
	return (struct headline){.value = found[0], .doubt = fabs(found[2] - found[1])};
}

static struct headline of_the_best(const struct sampling *sampling, bool higher)
{
	size_t count = 0;

	for (size_t i = 0; i < sampling->count; i++)
		if (sampling->flags[i] == 0)
			sampling->scratch[count++] = sampling->samples[i];
	if (count >= UNDISTURBED_MIN) {
		struct headline decile = quantile_of(sampling->scratch, count, 0.1, higher);
		decile.estimator = "decile";
		return decile;
	}
	memcpy(sampling->scratch, sampling->samples, sampling->count * sizeof(double));
	struct headline percentile = quantile_of(sampling->scratch, sampling->count, 0.01, higher);
	percentile.estimator = "percentile";
	return percentile;
}

struct headline headline_of(const struct result *result, const struct metric *metric)
{
	bool higher = strcmp(result_kind(result, metric)->direction, "higher") == 0;

	if (!metric->is_overhead && !headline_is_undisturbed(result))
		return (struct headline){.estimator = "median", .value = metric->stats.median};
	return of_the_best(&metric->sampling, higher);
}

double headline_detectable_percent(const struct metric *metric)
{
	double percent = 200 * stats_relative_half_width(&metric->stats.median_interval,
							 metric->stats.median);

	return isfinite(percent) ? percent : 100;
}
