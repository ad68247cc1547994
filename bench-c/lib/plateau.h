/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the flat parts of a latency curve: caches, TLBs, memory. Pure. */
#ifndef KDYNO_PLATEAU_H
#define KDYNO_PLATEAU_H

#include <stdbool.h>
#include <stddef.h>

enum { PLATEAU_POINTS_MAX = 128 };

struct plateau_point {
	double x; /* bytes, or pages; points are in ascending order of it */
	double latency_ns;
};

struct plateau {
	double latency_ns; /* median of its points */
	double ends_at;	   /* x where the rise to the next has come a quarter of the way; 0: last */
	size_t first;	   /* its points */
	size_t last;
};

/*
 * The levels of a curve, in order, at most `max`; the number found. A level is flat, within
 * about a third, over at least an octave of x, and twice as slow as the one before.
 * One odd point, a missing one, noise and soft shoulders do not matter. 0 if nothing is flat;
 * more than PLATEAU_POINTS_MAX points, or a figure that is not positive, is nothing too.
 */
size_t plateau_find(const struct plateau_point *points, size_t count, struct plateau *plateaus,
		    size_t max);

/*
 * The size of a cache line, from the latency of pairs of loads x bytes apart of which only the
 * first misses while both are in one line: the smallest x from which on the figure is nearer
 * to its upper than to its lower level. 0 if there are not two levels.
 */
double plateau_line(const struct plateau_point *points, size_t count);

/*
 * Which of the sizes said belongs to which found: said_of[i] is an index into said[], or -1.
 * In order if there are as many, otherwise the nearest by ratio; none is used twice and the
 * order is kept.
 */
void plateau_match(const double *found, size_t found_count, const double *said, size_t said_count,
		   int *said_of);

#endif
