/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_CLOCK_H
#define KDYNO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A source of nanoseconds and what reading it costs. Tests bring their own now_ns. */
struct clock {
	uint64_t (*now_ns)(void *context);
	void *context;
	double resolution_ns;	 /* smallest step seen between two readings */
	double cost_ns;		 /* one reading; 0 where time stands still between instructions */
	double loop_ns;		 /* one turn of the empty loop around each operation */
	double cycle_ns;	 /* one core cycle: no real operation is faster */
	double quickest_loop_ns; /* of all times it was measured */
};

/* CLOCK_MONOTONIC with nothing measured yet. */
struct clock clock_monotonic(void);

/* Measure resolution, cost, loop and cycle. 0, or -1 if the clock does not advance. */
int clock_measure(struct clock *clock);

static inline uint64_t clock_now(const struct clock *clock)
{
	return clock->now_ns(clock->context);
}

/* Measure cost, loop and cycle again, in a few milliseconds: they change with the core's
 * frequency and with what its sibling thread does. Changes nothing and returns -1 where
 * there is no loop to measure. */
int clock_refresh(struct clock *clock);

/* Ten microseconds of the empty loop: as fast as at other times, and uninterrupted? */
struct clock_probe {
	double loop_ns; /* one turn, from the least disturbed part */
	double hole_ns; /* the longest time that was missing in it */
};
struct clock_probe clock_probe(const struct clock *clock);

/* No loop is faster than a cycle, and an undisturbed one takes whole cycles. */
bool clock_is_plausible(double loop_ns, double cycle_ns);

/* The larger of resolution and cost: what one reading may be wrong by. */
double clock_quantum_ns(const struct clock *clock);

#endif
