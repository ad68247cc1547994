// SPDX-License-Identifier: GPL-2.0-or-later
#include "calibrate.h"

#include <math.h>

static const double sample_min_ns = 1e6;
static const double growth_max = 10.0;
static const double headroom = 1.05;		 /* so that ordinary jitter does not fall short */
static const double iterations_per_ns_max = 100; /* no core is near that */

enum { TRIES = 3 };

double sample_length_ns(double quantum_ns, double budget_ns, uint64_t samples)
{
	double wanted_ns = fmax(1000 * quantum_ns, sample_min_ns);
	double affordable_ns = budget_ns / (2.0 * (double)samples);

	return fmax(fmin(wanted_ns, affordable_ns), 100 * quantum_ns);
}

/* An interruption only ever lengthens a try, so a batch is long enough if its shortest is. */
static int shortest(timed_fn *timed, void *context, uint64_t iterations, double enough_ns,
		    double *best_ns)
{
	*best_ns = INFINITY;
	for (unsigned i = 0; i < TRIES; i++) {
		double elapsed_ns = 0;
		int error = timed(context, iterations, &elapsed_ns);
		if (error != 0)
			return error;
		*best_ns = fmin(*best_ns, elapsed_ns);
		if (*best_ns < enough_ns)
			break;
	}
	return 0;
}

int calibrate(timed_fn *timed, void *context, double wanted_ns, uint64_t *iterations)
{
	double count = 1;

	while (count <= iterations_per_ns_max * wanted_ns) {
		double best_ns = 0;
		int error = shortest(timed, context, (uint64_t)count, wanted_ns, &best_ns);
		if (error != 0)
			return error;
		if (best_ns >= wanted_ns) {
			*iterations = (uint64_t)count;
			return 0;
		}
		double growth = best_ns > 0 ? headroom * wanted_ns / best_ns : growth_max;
		count = floor(fmax(count * fmin(growth, growth_max), count + 1));
	}
	return CALIBRATE_TOO_FAST;
}
