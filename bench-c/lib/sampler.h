/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to start believing samples and when to stop taking them. */
#ifndef KDYNO_SAMPLER_H
#define KDYNO_SAMPLER_H

#include "clock.h"

#include <stdbool.h>
#include <stddef.h>

struct sampling_plan {
	double target_relative; /* wanted half width of the median's interval over the median */
	double confidence;
	size_t samples_min;
	size_t samples_max;
	double budget_ns;	/* for warm-up and samples; at least one sample is taken */
	double least_ns;	/* samples are taken for so long, however exact they are */
	size_t undisturbed_min; /* and until so many have no flag, if the budget allows */
	bool higher_is_better;
};

struct sampling {
	double *samples; /* room for samples_max, by the caller */
	double *scratch; /* the same */
	uint8_t *flags;	 /* of each sample, see noise.h; the sampler leaves them alone */
	size_t count;
	size_t warmup_count; /* samples thrown away before the first that counts */
	bool stationary;     /* the warm-up ended without a trend */
	bool converged;	     /* the target was reached with at least samples_min */
};

/* Take one sample. Anything but 0 ends the sampling. */
typedef int sample_fn(void *context, double *figure);

int sampler_warm_up(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling);
int sampler_collect(sample_fn *sample, void *context, const struct clock *clock,
		    const struct sampling_plan *plan, struct sampling *sampling);

#endif
