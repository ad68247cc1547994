// SPDX-License-Identifier: GPL-2.0-or-later
#include "modes.h"

#include <math.h>
#include <stdbool.h>

enum { BINS = 200 };

static const double share_min = 0.025;
static const double samples_min = 4;	 /* of a mode */
static const double apart_min = 0.0953;	 /* log of 1.1 */
static const double spread_floor = 0.02; /* clocks have steps: no cluster counts as narrower */
static const double expected_min = 10;	 /* samples that a hump would have in the valley */
static const double valley_share = 0.1;	 /* of them that may be there all the same */
static const double edge = 0.01;	 /* of the samples on each side do not stretch the bins */

/* The samples' logarithms in equal bins; sums up to and with each bin. */
struct histogram {
	double n[BINS + 1];
	double sum[BINS + 1];
	double squares[BINS + 1];
};

/* Where each part ends, as a bin and as an index into the sorted samples. */
struct partition {
	size_t parts;
	size_t ends[MODES_MAX];
};

static double quantile(const double *sorted, size_t begin, size_t end, double q)
{
	double position = q * (double)(end - begin - 1);
	size_t below = begin + (size_t)position;
	double fraction = position - floor(position);

	if (below + 1 >= end)
		return log(sorted[end - 1]);
	return log(sorted[below]) + fraction * (log(sorted[below + 1]) - log(sorted[below]));
}

static size_t bin_of(double value, double low, double high)
{
	double position = (log(value) - low) / (high - low) * BINS;

	return (size_t)fmin(fmax(position, 0), BINS - 1);
}

static void fill(struct histogram *histogram, const double *sorted, size_t count, double low,
		 double high)
{
	*histogram = (struct histogram){.n = {0}};
	for (size_t i = 0; i < count; i++) {
		double value = fmin(fmax(log(sorted[i]), low), high) - low;
		size_t bin = bin_of(sorted[i], low, high) + 1;
		histogram->n[bin]++;
		histogram->sum[bin] += value;
		histogram->squares[bin] += value * value;
	}
	for (size_t bin = 1; bin <= BINS; bin++) {
		histogram->n[bin] += histogram->n[bin - 1];
		histogram->sum[bin] += histogram->sum[bin - 1];
		histogram->squares[bin] += histogram->squares[bin - 1];
	}
}

/* Sum of squared distances from the mean of the bins [from, to). */
static double scatter(const struct histogram *histogram, size_t from, size_t to)
{
	double n = histogram->n[to] - histogram->n[from];
	double sum = histogram->sum[to] - histogram->sum[from];
	double squares = histogram->squares[to] - histogram->squares[from];

	return n > 0 ? fmax(squares - sum * sum / n, 0) : 0;
}

/* Fisher's exact partition by dynamic programming: best[k][b] is the least scatter of the
 * bins before b in k + 1 parts, cut[k][b] where the last of them begins. */
static void partition_all(const struct histogram *histogram, struct partition *partitions)
{
	double best[MODES_MAX][BINS + 1];
	size_t cut[MODES_MAX][BINS + 1];

	for (size_t b = 0; b <= BINS; b++) {
		best[0][b] = scatter(histogram, 0, b);
		cut[0][b] = 0;
	}
	for (size_t k = 1; k < MODES_MAX; k++) {
		for (size_t b = 0; b <= BINS; b++) {
			best[k][b] = INFINITY;
			cut[k][b] = 0;
			for (size_t from = 0; from <= b; from++) {
				double sum = best[k - 1][from] + scatter(histogram, from, b);
				if (sum < best[k][b]) {
					best[k][b] = sum;
					cut[k][b] = from;
				}
			}
		}
	}
	for (size_t k = 0; k < MODES_MAX; k++) {
		size_t end = BINS;
		partitions[k].parts = k + 1;
		for (size_t part = k + 1; part-- > 0;) {
			partitions[k].ends[part] = (size_t)histogram->n[end];
			end = cut[part][end];
		}
	}
}

/* Between the middles of two parts of one hump the density is nowhere below that of the
 * sparser part. So many samples the middle third between them must then have. */
static bool is_valley(const double *sorted, size_t begin, size_t middle, size_t end)
{
	double left = quantile(sorted, begin, middle, 0.5);
	double right = quantile(sorted, middle, end, 0.5);
	double width = (right - left) / 3;
	double left_spread =
		quantile(sorted, begin, middle, 0.75) - quantile(sorted, begin, middle, 0.25);
	double right_spread =
		quantile(sorted, middle, end, 0.75) - quantile(sorted, middle, end, 0.25);
	double density = fmin((double)(middle - begin) / fmax(left_spread, spread_floor),
			      (double)(end - middle) / fmax(right_spread, spread_floor)) /
			 2;
	double expected = density * width;
	double found = 0;

	if (right - left < apart_min || expected < expected_min)
		return false;
	for (size_t i = begin; i < end; i++) {
		double value = log(sorted[i]);
		found += value > left + width && value < right - width;
	}
	return found <= valley_share * expected;
}

static bool is_convincing(const struct partition *partition, const double *sorted, size_t count)
{
	double least = fmax(share_min * (double)count, samples_min);
	size_t begin = 0;

	for (size_t part = 0; part < partition->parts; part++) {
		size_t end = partition->ends[part];
		if (end < begin || (double)(end - begin) < least)
			return false;
		if (part + 1 < partition->parts) {
			size_t next = partition->ends[part + 1];
			if (next <= end || !is_valley(sorted, begin, end, next))
				return false;
		}
		begin = end;
	}
	return true;
}

static struct modes describe(const struct partition *partition, const double *sorted, size_t count)
{
	struct modes modes = {.count = partition->parts};
	size_t begin = 0;

	for (size_t part = 0; part < partition->parts; part++) {
		size_t end = partition->ends[part];
		size_t middle = begin + (end - begin) / 2;
		double median = sorted[middle];
		if ((end - begin) % 2 == 0)
			median = (sorted[middle - 1] + sorted[middle]) / 2;
		modes.modes[part] = (struct mode){
			.share = (double)(end - begin) / (double)count,
			.median = median,
		};
		begin = end;
	}
	return modes;
}

struct modes modes_of(const double *sorted, size_t count)
{
	struct partition partitions[MODES_MAX] = {{.parts = 1, .ends = {count}}};
	struct histogram histogram;

	if (sorted[0] <= 0)
		return describe(&partitions[0], sorted, count);
	double low = quantile(sorted, 0, count, edge);
	double high = quantile(sorted, 0, count, 1 - edge);
	if (high - low < apart_min)
		return describe(&partitions[0], sorted, count);
	fill(&histogram, sorted, count, low, high);
	partition_all(&histogram, partitions);
	for (size_t k = MODES_MAX - 1; k > 0; k--)
		if (is_convincing(&partitions[k], sorted, count))
			return describe(&partitions[k], sorted, count);
	return describe(&partitions[0], sorted, count);
}
