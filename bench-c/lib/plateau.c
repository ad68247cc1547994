// SPDX-License-Identifier: GPL-2.0-or-later
#include "plateau.h"

#include "stats.h"

#include <math.h>
#include <string.h>

/* Caches differ in latency by more than twice on nearly all machines; within one, the TLB's
 * help and its sets filling up make a slope of up to a third. Memory under the load of
 * neighbours may be half as slow again, which is no level. */
static const double flat_ratio = 1.32;
static const double level_ratio = 2;
static const double octaves_min = 0.9;
/* A quarter: a cyclic walk through more than fits misses on all lines of a cache that replaces
 * the oldest, and on a third at 1.25 times the size if it replaces at random. */
static const double rise_share = 0.25;
/* Two levels of pairs: one miss in two loads, or two. */
static const double line_ratio = 1.15;

enum { POINTS_MIN = 3 };

static double median_of_3(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Without single odd points, and never falling: whatever disturbs a measurement makes it
 * slower, so a larger size that was faster tells what the smaller one could have been. */
static void smooth(const struct plateau_point *points, size_t count, double *smoothed)
{
	for (size_t i = 0; i < count; i++)
		smoothed[i] = points[i].latency_ns;
	for (size_t i = 1; i + 1 < count; i++)
		smoothed[i] = median_of_3(points[i - 1].latency_ns, points[i].latency_ns,
					  points[i + 1].latency_ns);
	if (count >= POINTS_MIN) {
		smoothed[0] = fmin(smoothed[0], points[1].latency_ns);
		smoothed[count - 1] =
			fmax(fmin(smoothed[count - 1], flat_ratio * smoothed[count - 2]),
			     smoothed[count - 2] / flat_ratio);
	}
	for (size_t i = count; i-- > 1;)
		smoothed[i - 1] = fmin(smoothed[i - 1], smoothed[i]);
}

static double octaves(const struct plateau_point *points, size_t first, size_t last)
{
	return log2(points[last].x / points[first].x);
}

/* The widest flat run of points within [begin, end). */
static bool widest(const struct plateau_point *points, const double *smoothed, size_t begin,
		   size_t end, struct plateau *run)
{
	double best = octaves_min;
	bool found = false;

	for (size_t first = begin; first < end; first++) {
		size_t last = first;
		while (last + 1 < end && smoothed[last + 1] <= flat_ratio * smoothed[first])
			last++;
		double width = octaves(points, first, last);
		if (last + 1 - first < POINTS_MIN || width < best)
			continue;
		best = width;
		found = true;
		*run = (struct plateau){.first = first, .last = last};
	}
	return found;
}

/* The widest run first, then what is left and right of it. Returns how many, in order. */
static size_t collect(const struct plateau_point *points, const double *smoothed, size_t begin,
		      size_t end, struct plateau *runs)
{
	struct plateau run;
	size_t count;

	if (begin >= end || !widest(points, smoothed, begin, end, &run))
		return 0;
	count = collect(points, smoothed, begin, run.first, runs);
	runs[count++] = run;
	return count + collect(points, smoothed, run.last + 1, end, runs + count);
}

static double latency_of(const double *smoothed, const struct plateau *plateau)
{
	/* Sorted already: it never falls. */
	return stats_quantile(smoothed + plateau->first, plateau->last + 1 - plateau->first, 0.5);
}

/* Two neighbours that are too much alike are one level, as fast as its wider part. */
static size_t merge(const struct plateau_point *points, struct plateau *runs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		struct plateau *before = &runs[kept];
		if (runs[i].latency_ns >= level_ratio * before->latency_ns) {
			runs[++kept] = runs[i];
			continue;
		}
		if (octaves(points, runs[i].first, runs[i].last) >
		    octaves(points, before->first, before->last))
			before->latency_ns = runs[i].latency_ns;
		before->last = runs[i].last;
	}
	return count == 0 ? 0 : kept + 1;
}

/* Where the curve leaves a plateau for the next, between two points on a scale of octaves. */
static double end_of(const struct plateau_point *points, const double *smoothed,
		     const struct plateau *plateau, const struct plateau *next)
{
	double threshold =
		plateau->latency_ns + rise_share * (next->latency_ns - plateau->latency_ns);
	size_t i = plateau->first + 1;

	while (i < next->first && smoothed[i] < threshold)
		i++;
	double rise = smoothed[i] - smoothed[i - 1];
	double share = rise > 0 ? (threshold - smoothed[i - 1]) / rise : 0;
	return points[i - 1].x * pow(points[i].x / points[i - 1].x, fmin(fmax(share, 0), 1));
}

static bool usable(const struct plateau_point *points, size_t count)
{
	if (count < POINTS_MIN || count > PLATEAU_POINTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(points[i].x > 0) || !(points[i].latency_ns > 0) ||
		    !isfinite(points[i].latency_ns) || (i > 0 && points[i].x <= points[i - 1].x))
			return false;
	return true;
}

size_t plateau_find(const struct plateau_point *points, size_t count, struct plateau *plateaus,
		    size_t max)
{
	double smoothed[PLATEAU_POINTS_MAX];
	struct plateau runs[PLATEAU_POINTS_MAX];

	if (!usable(points, count))
		return 0;
	smooth(points, count, smoothed);
	size_t found = collect(points, smoothed, 0, count, runs);
	for (size_t i = 0; i < found; i++)
		runs[i].latency_ns = latency_of(smoothed, &runs[i]);
	found = merge(points, runs, found);
	for (size_t i = 0; i + 1 < found; i++)
		runs[i].ends_at = end_of(points, smoothed, &runs[i], &runs[i + 1]);
	if (found > max)
		found = max;
	memcpy(plateaus, runs, found * sizeof(*runs));
	return found;
}

double plateau_line(const struct plateau_point *points, size_t count)
{
	double low = INFINITY;
	double high = 0;

	if (!usable(points, count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		low = fmin(low, points[i].latency_ns);
		high = fmax(high, points[i].latency_ns);
	}
	if (high < line_ratio * low)
		return 0;
	/* From the far end, so that one odd point below the line's size does not count. */
	size_t i = count;
	while (i > 0 && points[i - 1].latency_ns > sqrt(low * high))
		i--;
	return i == count || i == 0 ? 0 : points[i].x;
}

static int nearest(double size, const double *said, size_t from, size_t said_count)
{
	int best = -1;
	double best_distance = INFINITY;

	for (size_t i = from; i < said_count; i++) {
		double distance = fabs(log2(size / said[i]));
		if (distance < best_distance) {
			best_distance = distance;
			best = (int)i;
		}
	}
	return best;
}

void plateau_match(const double *found, size_t found_count, const double *said, size_t said_count,
		   int *said_of)
{
	size_t from = 0;

	for (size_t i = 0; i < found_count; i++) {
		/* Some are left for those that come after, if there are enough. */
		size_t after = found_count - 1 - i;
		size_t end = said_count > after && said_count - after > from ? said_count - after
									     : said_count;
		said_of[i] =
			found_count == said_count ? (int)i : nearest(found[i], said, from, end);
		if (said_of[i] >= 0)
			from = (size_t)said_of[i] + 1;
	}
}
