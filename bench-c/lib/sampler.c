// SPDX-License-Identifier: GPL-2.0-or-later
#include "sampler.h"

#include "stats.h"

#include <math.h>
#include <string.h>

enum {
	WINDOW = 16,	 /* groups looked at for a trend */
	WINDOW_STEP = 8, /* new ones before looking again */
	GROUP = 3,	 /* samples, of which the least counts */
	WARMUP_MAX = 600,
	FEW = 10,
};

static const double warmup_share = 0.2; /* of the budget, at most */
static const double overrun = 1.5;	/* of the budget, by a few samples */
static const double trend_min = 0.01;	/* a smaller drift within a window is none */

/* Does the level move, and by so much that it matters? */
static bool is_moving(const double *window)
{
	double earlier[WINDOW / 2];
	double later[WINDOW / 2];

	memcpy(earlier, window, sizeof(earlier));
	memcpy(later, window + WINDOW / 2, sizeof(later));
	stats_sort(earlier, WINDOW / 2);
	stats_sort(later, WINDOW / 2);
	double before = stats_quantile(earlier, WINDOW / 2, 0.5);
	double after = stats_quantile(later, WINDOW / 2, 0.5);
	return fabs(after - before) > trend_min * fabs(before) && stats_has_trend(window, WINDOW);
}

/* The window slides by half, so that each test sees mostly samples it has not judged. It is made
 * of the best of a few samples each: whatever disturbs samples makes them worse, one here and one
 * there, but the best of a few moves only when the work itself gets faster or slower. */
int sampler_warm_up(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling)
{
	double window[WINDOW] = {0};
	size_t filled = 0;
	uint64_t begin = clock_now(clock);

	sampling->warmup_count = 0;
	sampling->stationary = false;
	while (sampling->warmup_count < WARMUP_MAX) {
		double figure = 0;
		if ((double)(clock_now(clock) - begin) >= warmup_share * plan->budget_ns)
			break;
		int error = sample(context, &figure);
		if (error != 0)
			return error;
		bool better =
			plan->higher_is_better ? figure > window[filled] : figure < window[filled];
		if (sampling->warmup_count++ % GROUP == 0 || better)
			window[filled] = figure;
		if (sampling->warmup_count % GROUP != 0 || ++filled < WINDOW)
			continue;
		sampling->stationary = !is_moving(window);
		if (sampling->stationary)
			break;
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

/* A few samples that nearly fit are better than one or two. */
static double limit_for(size_t count, const struct sampling_plan *plan)
{
	return count < FEW && count < plan->samples_min ? overrun * plan->budget_ns
							: plan->budget_ns;
}

/* Looks at the interval after each tenth more samples, not after each: sorting thousands of
 * numbers between two samples would leave its traces in the caches. */
int sampler_collect(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling)
{
	size_t next_look = plan->samples_min;
	size_t undisturbed = 0;
	uint64_t begin = clock_now(clock);

	sampling->count = 0;
	sampling->converged = false;
	while (sampling->count < plan->samples_max) {
		double elapsed_ns = (double)(clock_now(clock) - begin);
		if (sampling->count > 0 && elapsed_ns >= limit_for(sampling->count, plan))
			break;
		if (sampling->converged && elapsed_ns >= plan->least_ns &&
		    undisturbed >= plan->undisturbed_min)
			break;
		int error = sample(context, &sampling->samples[sampling->count]);
		if (error != 0)
			return error;
		if (plan->undisturbed_min > 0)
			undisturbed += sampling->flags[sampling->count] == 0;
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
