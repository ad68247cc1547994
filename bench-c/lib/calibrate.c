// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The batch size is a condition of the measurement, so two runs should agree on it. Whatever
 * rule makes a number of iterations from a measured time has thresholds, and a time near one
 * falls on either side. Two things make that rare: the time is the least of very many short
 * tries, which no interruption lengthens, and powers of four leave few thresholds.
 */
#include "calibrate.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double short_try_ns = 20e3;    /* seldom interrupted, long beside any clock's step */
static const double search_limit_ns = 60e6; /* unless the caller has less */
static const double iterations_per_ns_max = 100; /* no core is near that */
static const double step = 4;

enum {
	RAMP_TRIES = 3,
	TRIES_MIN = 2, /* one may have been interrupted */
	SEARCH_TRIES = 3000,
	VERIFY_TRIES = 2,
};

struct search {
	timed_fn *timed;
	void *context;
	const struct calibration *calibration;
	uint64_t begin_ns; /* by the clock, if there is one */
	double tried_ns;
};

double sample_length_ns(double least_ns, double quantum_ns, double budget_ns, uint64_t samples)
{
	double wanted_ns = fmax(1000 * quantum_ns, least_ns);
	double affordable_ns = budget_ns / (2.0 * (double)samples);

	return fmax(fmin(wanted_ns, affordable_ns), 100 * quantum_ns);
}

static double limit_ns(const struct search *search)
{
	double given_ns = search->calibration->limit_ns;

	return given_ns > 0 ? fmin(given_ns, search_limit_ns) : search_limit_ns;
}

static bool is_over(const struct search *search)
{
	const struct clock *clock = search->calibration->clock;
	double spent_ns = search->tried_ns;

	if (clock != NULL)
		spent_ns = fmax(spent_ns, (double)(clock_now(clock) - search->begin_ns));
	return spent_ns >= limit_ns(search);
}

/* An interruption only ever lengthens a try, so a batch is long enough if its shortest is. */
static int shortest(struct search *search, uint64_t iterations, unsigned tries, double enough_ns,
		    double *best_ns)
{
	for (unsigned i = 0; i < tries; i++) {
		double elapsed_ns = 0;
		int error = search->timed(search->context, iterations, &elapsed_ns);
		if (error != 0)
			return error;
		search->tried_ns += elapsed_ns;
		*best_ns = fmin(*best_ns, elapsed_ns);
		if (*best_ns < enough_ns || elapsed_ns >= limit_ns(search))
			break;
		if (i + 1 >= TRIES_MIN && is_over(search))
			break;
	}
	return 0;
}

/* The least power of two that lasts goal_ns, and its shortest time. */
static int ramp(struct search *search, double goal_ns, double count_max, uint64_t *iterations,
		double *best_ns)
{
	double count = 1;

	for (;;) {
		*best_ns = INFINITY;
		int error = shortest(search, (uint64_t)count, RAMP_TRIES, goal_ns, best_ns);
		if (error != 0)
			return error;
		if (*best_ns >= goal_ns || 2 * count > count_max)
			break;
		count *= 2;
	}
	*iterations = (uint64_t)count;
	return 0;
}

static double batch_for(double wanted_ns, double cost_ns, double count_max)
{
	double count = 1;

	while (count * cost_ns < wanted_ns && count < count_max)
		count *= step;
	while (count > count_max)
		count /= 2;
	return count;
}

/* Work with a fixed cost for each call looks slower in a short try than in a batch. */
static int verify(struct search *search, double count_max, double *count)
{
	double wanted_ns = search->calibration->wanted_ns;

	while (*count < count_max) {
		double best_ns = INFINITY;
		int error =
			shortest(search, (uint64_t)*count, VERIFY_TRIES, wanted_ns / 2, &best_ns);
		if (error != 0)
			return error;
		if (best_ns >= wanted_ns / 2)
			break;
		*count = fmax(batch_for(wanted_ns, best_ns / *count, count_max),
			      fmin(2 * *count, count_max));
	}
	return 0;
}

static double most_iterations(const struct calibration *calibration)
{
	double most = iterations_per_ns_max * fmax(calibration->wanted_ns, 1);

	if (calibration->iterations_max != 0)
		most = fmin(most, (double)calibration->iterations_max);
	return exp2(floor(log2(most)));
}

int calibrate_batch(timed_fn *timed, void *context, const struct calibration *calibration,
		    uint64_t *iterations)
{
	struct search search = {.timed = timed, .context = context, .calibration = calibration};
	double count_max = most_iterations(calibration);
	double goal_ns =
		fmin(calibration->wanted_ns, fmax(short_try_ns, 100 * calibration->quantum_ns));
	uint64_t short_count = 1;
	double best_ns = INFINITY;

	if (calibration->clock != NULL)
		search.begin_ns = clock_now(calibration->clock);
	int error = ramp(&search, goal_ns, count_max, &short_count, &best_ns);
	if (error != 0)
		return error;
	if (best_ns < goal_ns && calibration->iterations_max == 0)
		return CALIBRATE_TOO_FAST;
	if (!is_over(&search))
		error = shortest(&search, short_count, SEARCH_TRIES, 0, &best_ns);
	if (error != 0)
		return error;
	double cost_ns = best_ns / (double)short_count;
	double count = batch_for(calibration->wanted_ns, cost_ns, count_max);
	if (count > (double)short_count)
		error = verify(&search, count_max, &count);
	*iterations = (uint64_t)count;
	return error;
}

int calibrate(timed_fn *timed, void *context, double wanted_ns, uint64_t *iterations)
{
	const struct calibration calibration = {.wanted_ns = wanted_ns};

	return calibrate_batch(timed, context, &calibration, iterations);
}
