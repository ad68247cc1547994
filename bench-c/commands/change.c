// SPDX-License-Identifier: GPL-2.0-or-later
#include "comparison.h"

#include "stats.h"

#include <math.h>

static const double confidence = 0.95;

enum {
	DRAWS = 200, /* possible medians of each side, all equally likely */
};

bool count_differs(double before, double after, double tolerance)
{
	double difference = fabs(after - before);

	return difference > tolerance && difference > tolerance * fmax(before, after);
}

static double percent_of(double ratio)
{
	return 100 * (ratio - 1);
}

/* The chance that a resample has its median at or below the order statistic `rank` of `count`:
 * at least half of the draws fall there. Near one half the binomial distribution is the normal
 * one already with CHANGE_SAMPLES_NEEDED. */
static double median_at_most(size_t rank, size_t count)
{
	double share = (double)rank / (double)count;

	if (rank == count)
		return 1;
	return 0.5 * erfc(-sqrt((double)count / 2) * (share - 0.5) / sqrt(share * (1 - share)));
}

static void draw_medians(const double *sorted, size_t count, double medians[DRAWS])
{
	size_t rank = 1;

	for (size_t i = 0; i < DRAWS; i++) {
		while (median_at_most(rank, count) < ((double)i + 0.5) / DRAWS)
			rank++;
		medians[i] = sorted[rank - 1];
	}
}

/* Each possible median after over each possible median before. */
static void bound_ratio(const double *before, size_t before_count, const double *after,
			size_t after_count, struct change *change)
{
	static double ratios[DRAWS * DRAWS];
	double old[DRAWS];
	double new[DRAWS];

	draw_medians(before, before_count, old);
	draw_medians(after, after_count, new);
	for (size_t i = 0; i < DRAWS; i++)
		for (size_t j = 0; j < DRAWS; j++)
			ratios[i * DRAWS + j] = new[i] / old[j];
	stats_sort(ratios, (size_t)DRAWS * DRAWS);
	change->low_percent =
		percent_of(stats_quantile(ratios, (size_t)DRAWS * DRAWS, (1 - confidence) / 2));
	change->high_percent =
		percent_of(stats_quantile(ratios, (size_t)DRAWS * DRAWS, (1 + confidence) / 2));
}

struct change change_of(double *before, size_t before_count, double *after, size_t after_count,
			bool lower_is_better, double floor)
{
	struct change change = {.verdict = VERDICT_UNCLEAR};

	stats_sort(before, before_count);
	stats_sort(after, after_count);
	change.before = stats_quantile(before, before_count, 0.5);
	change.after = stats_quantile(after, after_count, 0.5);
	if (before[0] <= 0 || after[0] <= 0 || fmax(change.before, change.after) < floor) {
		change.verdict = VERDICT_NO_RATIO;
		return change;
	}
	change.percent = percent_of(change.after / change.before);
	bound_ratio(before, before_count, after, after_count, &change);
	if (before_count < CHANGE_SAMPLES_NEEDED || after_count < CHANGE_SAMPLES_NEEDED)
		return change;
	change.confidence = confidence;
	if (change.low_percent > 0 || change.high_percent < 0)
		change.verdict =
			(change.percent < 0) == lower_is_better ? VERDICT_BETTER : VERDICT_WORSE;
	return change;
}

void change_quote(struct change *change, double before, double after)
{
	bool has_verdict = change->verdict == VERDICT_BETTER || change->verdict == VERDICT_WORSE;

	change->quoted_before = before;
	change->quoted_after = after;
	if (change->verdict == VERDICT_NO_RATIO)
		return;
	change->quoted_percent = before > 0 ? percent_of(after / before) : 0;
	if (has_verdict && (change->quoted_percent > 0) != (change->percent > 0))
		change->verdict = VERDICT_UNCLEAR;
}
