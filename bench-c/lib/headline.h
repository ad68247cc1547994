/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one figure of a metric that is quoted. */
#ifndef KDYNO_HEADLINE_H
#define KDYNO_HEADLINE_H

#include "result.h"

struct headline {
	const char *estimator; /* "best" or "median" */
	double value;
};

/* Whether the best sample is quoted, as noise can only make the key figure worse. */
bool headline_is_best(const struct result *result);

/* Best is the least time or the greatest rate. */
struct headline headline_of(const struct result *result, const struct metric *metric);

/* The relative difference in per cent that two runs with intervals like this one's must have
 * before the intervals part. */
double headline_detectable_percent(const struct metric *metric);

#endif
