/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order statistics of a set of samples. Pure; nothing assumes a distribution. */
#ifndef KDYNO_STATS_H
#define KDYNO_STATS_H

#include "modes.h"

#include <stdbool.h>
#include <stddef.h>

struct interval {
	double low;
	double high;
	double confidence; /* what the order statistics really cover; 0 for one sample */
};

struct stats {
	double min;
	double p5;
	double p25;
	double median;
	double p90;
	double p99;
	double max;
	double mad;		/* median absolute deviation, unscaled */
	double autocorrelation; /* of a sample and the next: near 1 the machine had phases */
	struct modes modes;
	struct interval median_interval;
};

void stats_sort(double *values, size_t count);

/* Linear interpolation between neighbours (R's type 7). `sorted` has count >= 1 values. */
double stats_quantile(const double *sorted, size_t count, double q);

/* Interval of the median from two order statistics: those nearest the middle that still
 * cover `confidence`, by the binomial distribution. With too few samples for it (under six
 * at 0.95) the whole range, and the confidence that it has. */
struct interval stats_median_interval(const double *sorted, size_t count, double confidence);

/* Half the interval's width over the median; 0 for equal samples, never negative. */
double stats_relative_half_width(const struct interval *interval, double median);

/* Pearson's correlation of values[] in order of time with the same one later; 0 where nothing
 * varies or there are too few. */
double stats_autocorrelation(const double *values, size_t count);

/* values[] is in order of time and gets overwritten. count >= 1. */
struct stats stats_of(double *values, size_t count, double confidence);

/* Mann-Kendall test on values in order of time: is there a trend at the 5 % level? */
bool stats_has_trend(const double *values, size_t count);

#endif
