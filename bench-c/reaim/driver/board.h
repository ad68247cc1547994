/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that the children of one pass share with the parent: the start line, a seat for
 * each child, and what each measured. Anonymous, so nothing of it outlives the run. */
#ifndef KDYNO_REAIM_BOARD_H
#define KDYNO_REAIM_BOARD_H

#include "histogram.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { REASON_SIZE = 256 };

enum seat_state {
	SEAT_EMPTY,    /* not begun: what it is if the child dies early */
	SEAT_SETUP,    /* preparing its operations */
	SEAT_READY,    /* waits for the start */
	SEAT_AT_JOB,   /* between start and end */
	SEAT_ENDED,    /* did all its jobs, waits for the others */
	SEAT_TEARDOWN, /* cleaning up */
	SEAT_DONE,     /* did all its jobs and cleaned up */
	SEAT_FAILED,   /* an operation failed; see reason */
	SEAT_SKIP,     /* an operation cannot run here; see reason */
};

struct job_totals {
	uint64_t jobs;
	uint64_t total_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	double typical_ns; /* of a plan's jobs; 0 in single-user mode */
};

struct seat {
	_Atomic int state;
	_Atomic int test; /* index of the one under way; -1: none yet */
	_Atomic uint64_t jobs_done;
	uint64_t start_ns; /* when the child first ran after all were awake */
	uint64_t end_ns;   /* stamped by the child itself: the order of wait() plays no part */
	uint64_t user_ns;  /* processor time of the child and its helpers between the two */
	uint64_t system_ns;
	int error_number;
	char reason[REASON_SIZE];
} __attribute__((aligned(64)));

struct board {
	_Atomic uint32_t started; /* a futex */
	_Atomic uint32_t arrived; /* users that have seen the start */
	_Atomic uint32_t ended;	  /* users that did all their jobs; a futex */
	uint64_t start_ns;	  /* before the first child is woken */
	uint64_t released_ns;	  /* after the last was */
	size_t users;
	size_t tests;
	size_t size;
	struct seat *seats;
	struct job_totals *totals;    /* users * tests; see board_totals() */
	struct histogram *histograms; /* of each test, all children together */
};

/* NULL and errno when memory is short. */
struct board *board_new(size_t users, size_t tests);
void board_free(struct board *board);
size_t board_size(size_t users, size_t tests);

struct job_totals *board_totals(const struct board *board, size_t user, size_t test);

/* A child waits here until all of them run; whenever it comes, it cannot miss the start. */
void board_wait_for_start(struct board *board);
/* A child that did all its jobs counts itself. True for the one with which an eighth are done. */
bool board_end(struct board *board);
/* It waits here until all have: what it then cleans up is in nobody's interval. */
void board_wait_for_end(struct board *board);
bool board_is_eighth_done(const struct board *board);
/* Lets all children go and stamps when. */
void board_start(struct board *board);

uint64_t monotonic_ns(void);

#endif
