// SPDX-License-Identifier: GPL-2.0-or-later
#include "outcome.h"

#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return 1e-9 * (double)(to_ns - from_ns);
}

double outcome_elapsed_s(const struct outcome *outcome, size_t child)
{
	return seconds(outcome->board->start_ns, outcome->board->seats[child].end_ns);
}

static void add_times(struct outcome *outcome)
{
	const struct board *board = outcome->board;
	uint64_t first_ns = UINT64_MAX;
	uint64_t last_ns = 0;
	uint64_t end_ns = 0;

	for (size_t i = 0; i < board->users; i++) {
		const struct seat *seat = &board->seats[i];
		first_ns = seat->start_ns < first_ns ? seat->start_ns : first_ns;
		last_ns = seat->start_ns > last_ns ? seat->start_ns : last_ns;
		end_ns = seat->end_ns > end_ns ? seat->end_ns : end_ns;
		outcome->user_s += 1e-9 * (double)seat->user_ns;
		outcome->system_s += 1e-9 * (double)seat->system_ns;
	}
	outcome->parent_s = seconds(board->start_ns, end_ns);
	outcome->start_skew_s = seconds(first_ns, last_ns);
	outcome->release_s = seconds(board->start_ns, board->released_ns);
}

void outcome_of_pass(struct outcome *outcome, struct board *board, const struct plan *plan)
{
	double *elapsed_s = malloc(board->users * sizeof(*elapsed_s));

	outcome->board = board;
	outcome->users = board->users;
	outcome->jobs_per_child = plan->jobs;
	add_times(outcome);
	if (elapsed_s == NULL)
		abort(); /* the children had more memory than this a moment ago */
	for (size_t i = 0; i < board->users; i++)
		elapsed_s[i] = outcome_elapsed_s(outcome, i);
	outcome->figures = figures_of(plan->jobs, outcome->parent_s, elapsed_s, board->users);
	free(elapsed_s);
}

void outcome_of_test(struct outcome *outcome, struct board *board, const struct test *test)
{
	outcome->board = board;
	outcome->users = 1;
	add_times(outcome);
	outcome->parent_s = seconds(board->seats[0].start_ns, board->seats[0].end_ns);
	outcome->iterations = (double)board_totals(board, 0, outcome->test)->jobs;
	outcome->operations_per_s = outcome->iterations / outcome->parent_s *
				    operations_per_job(test->op, outcome->blocks);
}

void outcome_free(struct outcome *outcome)
{
	board_free(outcome->board);
	outcome->board = NULL;
}

double outcome_kernel_share(const struct outcome *outcome)
{
	double total_s = outcome->user_s + outcome->system_s;

	return total_s > 0 ? outcome->system_s / total_s : 0;
}

struct outcome *outcomes_add(struct outcomes *outcomes)
{
	if (outcomes->count == outcomes->capacity) {
		size_t capacity = outcomes->capacity == 0 ? 16 : 2 * outcomes->capacity;
		struct outcome *items = realloc(outcomes->items, capacity * sizeof(*items));
		if (items == NULL)
			return NULL;
		outcomes->items = items;
		outcomes->capacity = capacity;
	}
	struct outcome *added = &outcomes->items[outcomes->count++];
	memset(added, 0, sizeof(*added));
	return added;
}

const struct outcome *outcomes_best(const struct outcomes *outcomes, size_t repetition)
{
	const struct outcome *best = NULL;

	for (size_t i = 0; i < outcomes->count; i++) {
		const struct outcome *outcome = &outcomes->items[i];
		if (repetition != 0 && outcome->repetition != repetition)
			continue;
		if (best == NULL || outcome->figures.jpm > best->figures.jpm)
			best = outcome;
	}
	return best;
}

void outcomes_free(struct outcomes *outcomes)
{
	for (size_t i = 0; i < outcomes->count; i++)
		outcome_free(&outcomes->items[i]);
	free(outcomes->items);
	*outcomes = (struct outcomes){0};
}
