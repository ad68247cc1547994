// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

void stats_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
}

double stats_quantile(const double *sorted, size_t count, double q)
{
	double position = q * (double)(count - 1);
	size_t below = (size_t)floor(position);
	double fraction = position - (double)below;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

/* ln of P(X = k), X binomial(n, 1/2): logarithms, because 2^-n underflows beyond n = 1074. */
static double log_binomial_half(size_t n, size_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
	       (double)n * log(2);
}

struct interval stats_median_interval(const double *sorted, size_t count, double confidence)
{
	double tail = 0; /* P(X <= rank), the chance of missing on one side */
	double used_tail = 0;
	size_t rank = 0; /* the interval is sorted[rank] .. sorted[count - 1 - rank] */

	for (size_t k = 0; 2 * k + 1 < count; k++) {
		tail += exp(log_binomial_half(count, k));
		if (k > 0 && 2 * tail > 1 - confidence)
			break;
		rank = k;
		used_tail = tail;
	}
	return (struct interval){
		.low = sorted[rank],
		.high = sorted[count - 1 - rank],
		.confidence = count > 1 ? 1 - 2 * used_tail : 0,
	};
}

double stats_relative_half_width(const struct interval *interval, double median)
{
	if (interval->high == interval->low)
		return 0;
	return fabs((interval->high - interval->low) / 2 / median);
}

/* Overwrites sorted[]. */
static double deviation_of(double *sorted, size_t count, double median)
{
	for (size_t i = 0; i < count; i++)
		sorted[i] = fabs(sorted[i] - median);
	stats_sort(sorted, count);
	return stats_quantile(sorted, count, 0.5);
}

double stats_autocorrelation(const double *values, size_t count)
{
	double mean = 0;
	double variance = 0;
	double covariance = 0;

	for (size_t i = 0; i < count; i++)
		mean += values[i] / (double)count;
	for (size_t i = 0; i < count; i++)
		variance += (values[i] - mean) * (values[i] - mean);
	for (size_t i = 0; i + 1 < count; i++)
		covariance += (values[i] - mean) * (values[i + 1] - mean);
	if (count < 3 || !(variance > 0) || !isfinite(variance))
		return 0;
	return covariance / variance;
}

struct stats stats_of(double *values, size_t count, double confidence)
{
	struct stats stats = {.autocorrelation = stats_autocorrelation(values, count)};

	stats_sort(values, count);
	stats.min = values[0];
	stats.p5 = stats_quantile(values, count, 0.05);
	stats.p25 = stats_quantile(values, count, 0.25);
	stats.median = stats_quantile(values, count, 0.5);
	stats.p90 = stats_quantile(values, count, 0.9);
	stats.p99 = stats_quantile(values, count, 0.99);
	stats.max = values[count - 1];
	stats.modes = modes_of(values, count);
	stats.median_interval = stats_median_interval(values, count, confidence);
	stats.mad = deviation_of(values, count, stats.median);
	return stats;
}

/* Ties carry no evidence for or against a trend: each group of t equal values takes
 * t(t-1)(2t+5) from the variance. values[] is small, so counting them pairwise is fine. */
static double tie_term(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double same = 0;
		bool first = true;
		for (size_t j = 0; j < count; j++) {
			if (values[j] == values[i]) {
				same++;
				first = first && j >= i;
			}
		}
		if (first)
			sum += same * (same - 1) * (2 * same + 5);
	}
	return sum;
}

bool stats_has_trend(const double *values, size_t count)
{
	const double z_5_percent = 1.959964;
	double n = (double)count;
	double score = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			score += (values[j] > values[i]) - (values[j] < values[i]);
	double variance = (n * (n - 1) * (2 * n + 5) - tie_term(values, count)) / 18;
	if (variance <= 0 || score == 0)
		return false;
	return (fabs(score) - 1) / sqrt(variance) > z_5_percent;
}
