// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

uint32_t plan_load(uint32_t weight, uint64_t total_weight, uint64_t jobs)
{
	if (weight == 0)
		return 0;
	uint64_t load = (2 * weight * jobs + total_weight) / (2 * total_weight);
	return load == 0 ? 1 : (uint32_t)load;
}

void plan_build(struct plan *plan, const struct workfile *workfile, size_t jobs)
{
	if (jobs < workfile->line_count)
		jobs = workfile->line_count;
	plan->count = workfile->count;
	plan->jobs = 0;
	for (size_t i = 0; i < plan->count; i++) {
		plan->loads[i] = plan_load(workfile->tests[i].weight, workfile->total_weight, jobs);
		plan->jobs += plan->loads[i];
	}
}

void plan_draw(const struct plan *plan, struct random *random, uint16_t *order)
{
	uint32_t left[TESTS_MAX];
	uint16_t open[TESTS_MAX]; /* tests with jobs left, in order */
	size_t open_count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		left[i] = plan->loads[i];
		if (left[i] > 0)
			open[open_count++] = (uint16_t)i;
	}
	for (size_t drawn = 0; open_count > 0; drawn++) {
		size_t at = (size_t)random_below(random, open_count);
		uint16_t test = open[at];
		order[drawn] = test;
		if (--left[test] > 0)
			continue;
		open_count--;
		for (size_t i = at; i < open_count; i++)
			open[i] = open[i + 1];
	}
}
