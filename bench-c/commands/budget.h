/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes many benchmarks fit into one time: whatever one leaves over is for those after it. */
#ifndef KDYNO_BUDGET_H
#define KDYNO_BUDGET_H

#include "schedule.h"

struct budget {
	double limit_s; /* of all together */
	double most_s;	/* of one, of all its rounds */
};

/* What struct schedule's adapt() should do. Each gets an equal share of the time that is left, less
 * what choosing a batch, warming up and starting take. It is killed when it takes much more, or
 * when all time is over. Where starting is slow, as on an emulated machine, there are fewer rounds
 * than `options` asks for: one rather than four that end before the last benchmark's turn. */
bool budget_share(const struct budget *budget, const struct progress *progress, unsigned rounds_had,
		  struct options *options);

#endif
