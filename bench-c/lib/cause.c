// SPDX-License-Identifier: GPL-2.0-or-later
#include "cause.h"

#include <math.h>
#include <stdlib.h>

enum { ENOUGH = 20, QUARTER = 4 };

static const double clear_correlation = 0.5;
static const double clear_difference = 0.02; /* of the events of a fast sample */

struct ranked {
	double slowness;
	double events;
	double rank;	   /* of the latest order */
	double other_rank; /* by events */
};

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_slowness(const void *a, const void *b)
{
	return compare(((const struct ranked *)a)->slowness, ((const struct ranked *)b)->slowness);
}

static int by_events(const void *a, const void *b)
{
	return compare(((const struct ranked *)a)->events, ((const struct ranked *)b)->events);
}

/* Equal values share the mean of their ranks. `ranked` is in order. */
static void assign_ranks(struct ranked *ranked, size_t count,
			 int (*order)(const void *, const void *))
{
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;
		while (end < count && order(&ranked[i], &ranked[end]) == 0)
			end++;
		for (size_t k = i; k < end; k++)
			ranked[k].rank = (double)(i + end - 1) / 2;
		i = end;
	}
}

static double rank_correlation(const struct ranked *ranked, size_t count)
{
	double middle = (double)(count - 1) / 2; /* the mean of either ranks */
	double both = 0;
	double one = 0;
	double other = 0;

	for (size_t i = 0; i < count; i++) {
		double a = ranked[i].rank - middle;
		double b = ranked[i].other_rank - middle;
		both += a * b;
		one += a * a;
		other += b * b;
	}
	return one > 0 && other > 0 ? both / sqrt(one * other) : 0;
}

static double mean_events(const struct ranked *ranked, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += ranked[i].events;
	return sum / (double)count;
}

bool companion_of(const double *slowness, const float *events, size_t count, double operations,
		  struct companion *companion)
{
	struct ranked *ranked = calloc(count, sizeof(*ranked));
	size_t quarter = count < QUARTER ? 1 : count / QUARTER;

	if (ranked == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){slowness[i], (double)events[i] / operations, 0, 0};
	qsort(ranked, count, sizeof(*ranked), by_events);
	companion->median = (ranked[(count - 1) / 2].events + ranked[count / 2].events) / 2;
	assign_ranks(ranked, count, by_events);
	for (size_t i = 0; i < count; i++)
		ranked[i].other_rank = ranked[i].rank;
	qsort(ranked, count, sizeof(*ranked), by_slowness);
	assign_ranks(ranked, count, by_slowness);
	companion->of_fastest = mean_events(ranked, quarter);
	companion->of_slowest = mean_events(ranked + count - quarter, quarter);
	companion->rank_correlation = rank_correlation(ranked, count);
	free(ranked);
	return true;
}

bool companion_explains(const struct companion *companion, size_t count)
{
	return count >= ENOUGH && companion->rank_correlation >= clear_correlation &&
	       companion->of_slowest > (1 + clear_difference) * companion->of_fastest;
}
