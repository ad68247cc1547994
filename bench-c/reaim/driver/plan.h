/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which jobs a child does, and in which order. Pure: the same input gives the same lists. */
#ifndef KDYNO_REAIM_PLAN_H
#define KDYNO_REAIM_PLAN_H

#include "random.h"
#include "workfile.h"

struct plan {
	uint32_t loads[TESTS_MAX]; /* jobs of each test, the same for every child */
	size_t count;
	size_t jobs; /* their sum: may differ from what was asked for */
};

/* weight / total * jobs, rounded to nearest (halves up), at least 1 unless weight is 0. */
uint32_t plan_load(uint32_t weight, uint64_t total_weight, uint64_t jobs);

/* `jobs` below the workfile's number of lines counts as that number. */
void plan_build(struct plan *plan, const struct workfile *workfile, size_t jobs);

/* Fill order[plan->jobs] with indices of tests: each job is drawn evenly from the tests that
 * have jobs left, so heavy tests gather at the end, as released. */
void plan_draw(const struct plan *plan, struct random *random, uint16_t *order);

#endif
