/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was counted more often in slow samples than in fast ones. Pure. */
#ifndef KDYNO_CAUSE_H
#define KDYNO_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

/* Of one kind of event, per operation. */
struct companion {
	double median;
	double of_fastest;	 /* mean of the fastest quarter of the samples */
	double of_slowest;	 /* mean of the slowest */
	double rank_correlation; /* Spearman's, with how slow a sample was; 0 if nothing varies */
};

/* `slowness` has the order of the samples: their time, or their negative rate. count >= 1.
 * False when there is no memory. */
bool companion_of(const double *slowness, const float *events, size_t count, double operations,
		  struct companion *companion);

/* Whether it explains why samples differ: there are enough of them, the slow ones have clearly
 * more events, and the more the slower they are. */
bool companion_explains(const struct companion *companion, size_t count);

#endif
