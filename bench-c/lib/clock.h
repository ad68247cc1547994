/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_CLOCK_H
#define KDYNO_CLOCK_H

#include <stdint.h>

/* A source of nanoseconds and what reading it costs. Tests bring their own now_ns. */
struct clock {
	uint64_t (*now_ns)(void *context);
	void *context;
	double resolution_ns; /* smallest step seen between two readings */
	double cost_ns;	      /* one reading; 0 where time stands still between instructions */
	double loop_ns;	      /* one turn of the empty loop around each operation */
	double cycle_ns;      /* one core cycle: no real operation is faster */
};

/* CLOCK_MONOTONIC with nothing measured yet. */
struct clock clock_monotonic(void);

/* Measure resolution, cost, loop and cycle. 0, or -1 if the clock does not advance. */
int clock_measure(struct clock *clock);

static inline uint64_t clock_now(const struct clock *clock)
{
	return clock->now_ns(clock->context);
}

/* The larger of resolution and cost: what one reading may be wrong by. */
double clock_quantum_ns(const struct clock *clock);

#endif
