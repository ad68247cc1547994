// SPDX-License-Identifier: GPL-2.0-or-later
#include "budget.h"

#include <math.h>

static const double start_s = 0.05;	   /* a new program, its clock */
static const double choice_s = 0.1;	   /* of the batch, in the first round */
static const double measuring_share = 0.7; /* the rest: set-up, warm-up */
static const double least_s = 0.02;	   /* less makes no samples worth the name */
static const double patience = 3; /* shares until it is killed, with what no share changes: */
static const double slack_s = 2;
static const double tail_s = 0.3; /* for killing, reaping and writing at the end */

void budget_share(const struct budget *budget, const struct progress *progress,
		  struct options *options)
{
	double left_s = fmax(0, budget->limit_s - tail_s - progress->elapsed_s);
	double rounds = options->rounds == 0 ? 1 : options->rounds;
	double share_s = rounds * left_s / (double)(progress->total - progress->done);

	share_s = fmin(share_s, budget->most_s);
	options->plan.budget_ns =
		1e9 * fmax(least_s, measuring_share * (share_s - choice_s - rounds * start_s));
	options->limit_s = fmax(least_s, fmin(left_s, patience * share_s + slack_s));
}
