/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a pass, or one sub-test of the single-user mode, came to. */
#ifndef KDYNO_REAIM_OUTCOME_H
#define KDYNO_REAIM_OUTCOME_H

#include "board.h"
#include "formulas.h"
#include "plan.h"

struct outcome {
	size_t repetition; /* from 1 */
	size_t users;
	size_t jobs_per_child;
	long increment;	 /* that led to the next pass */
	size_t test;	 /* single-user mode: which */
	int status;	 /* EXIT_DONE, EXIT_FAILED or EXIT_SKIPPED */
	size_t blocks;	 /* KiB of each child's file */
	double parent_s; /* from the start to the last child's end */
	double user_s;	 /* processor time of all children */
	double system_s;
	double start_skew_s; /* from the first child that ran to the last */
	double release_s;    /* what waking all of them took */
	struct figures figures;
	double iterations; /* single-user mode: jobs done */
	double operations_per_s;
	char reason[REASON_SIZE];
	struct board *board; /* NULL once nobody needs the details */
};

/* From the times on the board to the figures. Takes the board, which outcome_free() frees. */
void outcome_of_pass(struct outcome *outcome, struct board *board, const struct plan *plan);
void outcome_of_test(struct outcome *outcome, struct board *board, const struct test *test);
void outcome_free(struct outcome *outcome);

/* Kernel time as a share of processor time; 0 when there was none. */
double outcome_kernel_share(const struct outcome *outcome);
double outcome_elapsed_s(const struct outcome *outcome, size_t child);

struct outcomes {
	struct outcome *items;
	size_t count;
	size_t capacity;
};

/* A new item at the end, zeroed; NULL when memory is short. */
struct outcome *outcomes_add(struct outcomes *outcomes);
/* The pass with the most jobs per minute, of one repetition or (0) of all; NULL: none. */
const struct outcome *outcomes_best(const struct outcomes *outcomes, size_t repetition);
void outcomes_free(struct outcomes *outcomes);

#endif
