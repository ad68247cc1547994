// SPDX-License-Identifier: GPL-2.0-or-later
#include "budget.h"

#include <math.h>

static const double usual_start_s = 0.05; /* a new program, its set-up: believed at first, */
static const double usual_starts = 4;	  /* as if so many had been seen */
static const double starting_share = 0.5; /* of all time, at most; else rounds are left out */
static const double choice_s = 0.1;	  /* of the batch, in the first round */
static const double measuring_share =
	0.85;			    /* the rest: the last batch, and what sampling rests on */
static const double least_s = 0.02; /* less makes no samples worth the name */
static const double patience = 3;   /* shares until it is killed, with what no share changes: */
static const double slack_s = 2;
static const double tail_s = 0.3; /* for killing, reaping and writing at the end */

static double start_s(const struct progress *progress)
{
	return (usual_starts * usual_start_s + progress->started_s) /
	       (usual_starts + (double)progress->started);
}

bool budget_share(const struct budget *budget, const struct progress *progress, unsigned rounds_had,
		  struct options *options)
{
	double left_s = fmax(0, budget->limit_s - tail_s - progress->elapsed_s);
	double wanted = options->rounds == 0 ? 1 : options->rounds;
	double benchmarks = (double)progress->total / wanted;
	double affordable = starting_share * budget->limit_s / (benchmarks * start_s(progress));
	double rounds = fmax(1, fmin(wanted, floor(affordable)));

	if (rounds_had >= rounds)
		return false;
	double share_s = rounds * left_s / fmax(1, benchmarks * rounds - (double)progress->done);
	share_s = fmin(share_s, budget->most_s);
	options->rounds = (unsigned)rounds;
	options->plan.budget_ns =
		1e9 *
		fmax(least_s, measuring_share * (share_s - choice_s - rounds * start_s(progress)));
	options->limit_s = fmax(least_s, fmin(left_s, patience * share_s + slack_s));
	return true;
}
