/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many iterations make one sample. */
#ifndef KDYNO_CALIBRATE_H
#define KDYNO_CALIBRATE_H

#include "clock.h"

#include <stdint.h>

/* Do `iterations` turns and say how long they took. Anything but 0 ends the measurement. */
typedef int timed_fn(void *context, uint64_t iterations, double *elapsed_ns);

enum { CALIBRATE_TOO_FAST = -1 };

struct calibration {
	double wanted_ns;	   /* how long a sample lasts at least */
	double quantum_ns;	   /* what a reading of the clock may be wrong by */
	uint64_t iterations_max;   /* 0: none */
	double limit_ns;	   /* of the search, if it is less than the usual; 0: none */
	const struct clock *clock; /* limits the search; NULL: what the tries took limits it */
};

/* How long one sample must last, at least, so that a reading of the clock is at most a thousandth
 * of it; shorter (but never below a hundredth) when the budget would not hold enough samples. */
double sample_length_ns(double least_ns, double quantum_ns, double budget_ns, uint64_t samples);

/*
 * Find the batch: a power of four of iterations that lasts from one to about four times as
 * long as wanted, or the greatest power of two within iterations_max. 0, CALIBRATE_TOO_FAST
 * when the work takes no time however often it is done, or what timed returned.
 */
int calibrate_batch(timed_fn *timed, void *context, const struct calibration *calibration,
		    uint64_t *iterations);

/* The same for work without limits and a clock that is exact beside wanted_ns. */
int calibrate(timed_fn *timed, void *context, double wanted_ns, uint64_t *iterations);

#endif
