// SPDX-License-Identifier: GPL-2.0-or-later
#include "sampler.h"

#include "stats.h"

#include <string.h>

enum {
	WINDOW = 16,	 /* samples looked at for a trend */
	WINDOW_STEP = 8, /* new ones before looking again */
	WARMUP_MAX = 200,
};

static const double warmup_share = 0.2; /* of the budget, at most */

/* The window slides by half, so that each test sees mostly samples it has not judged. */
int sampler_warm_up(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling)
{
	double window[WINDOW];
	size_t filled = 0;
	uint64_t begin = clock_now(clock);

	sampling->warmup_count = 0;
	sampling->stationary = false;
	while (sampling->warmup_count < WARMUP_MAX) {
		if ((double)(clock_now(clock) - begin) >= warmup_share * plan->budget_ns)
			break;
		int error = sample(context, &window[filled]);
		if (error != 0)
			return error;
		filled++;
		sampling->warmup_count++;
		if (filled < WINDOW)
			continue;
		if (!stats_has_trend(window, WINDOW)) {
			sampling->stationary = true;
			break;
		}
		filled = WINDOW - WINDOW_STEP;
		memmove(window, window + WINDOW_STEP, filled * sizeof(*window));
	}
	return 0;
}

static bool has_converged(const struct sampling_plan *plan, struct sampling *sampling)
{
	size_t count = sampling->count;

	if (count < plan->samples_min)
		return false;
	memcpy(sampling->scratch, sampling->samples, count * sizeof(double));
	stats_sort(sampling->scratch, count);
	double median = stats_quantile(sampling->scratch, count, 0.5);
	struct interval interval =
		stats_median_interval(sampling->scratch, count, plan->confidence);
	return interval.confidence >= plan->confidence &&
	       stats_relative_half_width(&interval, median) <= plan->target_relative;
}

/* Looks at the interval after each tenth more samples, not after each: sorting thousands of
 * numbers between two samples would leave its traces in the caches. */
int sampler_collect(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling)
{
	size_t next_look = plan->samples_min;
	uint64_t begin = clock_now(clock);

	sampling->count = 0;
	sampling->converged = false;
	while (sampling->count < plan->samples_max && !sampling->converged) {
		if (sampling->count > 0 && (double)(clock_now(clock) - begin) >= plan->budget_ns)
			break;
		int error = sample(context, &sampling->samples[sampling->count]);
		if (error != 0)
			return error;
		sampling->count++;
		if (sampling->count >= next_look) {
			sampling->converged = has_converged(plan, sampling);
			next_look = sampling->count + 1 + sampling->count / 10;
		}
	}
	if (!sampling->converged)
		sampling->converged = has_converged(plan, sampling);
	return 0;
}
