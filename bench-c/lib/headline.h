/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one figure of a metric that is quoted. Where noise can only make it worse, that is the best
 * decile of the samples that nothing is known to have disturbed. The median is of whatever share
 * of the time the machine was busy with something else, and the very best sample is of a moment
 * that one run finds and the next does not.
 */
#ifndef KDYNO_HEADLINE_H
#define KDYNO_HEADLINE_H

#include "result.h"

struct headline {
	const char *estimator; /* "decile", "percentile" or "median" */
	double value;
	double doubt; /* how much another run like this one may differ; not known of a median: 0 */
};

/* Whether noise can only make the key figure worse, so that undisturbed samples are quoted. */
bool headline_is_undisturbed(const struct result *result);

/* The best decile is of the undisturbed samples, the best percentile of all where these are too
 * few. */
struct headline headline_of(const struct result *result, const struct metric *metric);

/* The relative difference in per cent that two runs with intervals like this one's must have
 * before the intervals part. */
double headline_detectable_percent(const struct metric *metric);

#endif
