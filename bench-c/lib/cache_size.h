/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How large the file cache is: the size of file at which reading it again becomes slow. The
 * search is pure; what measures one size is given to it (cache_file.h has the real one).
 */
#ifndef KDYNO_CACHE_SIZE_H
#define KDYNO_CACHE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CACHE_SIZE_POINTS_MAX = 64 };

/* One file size and the time to read a block of it again. */
struct cache_size_point {
	uint64_t bytes;
	double block_ns;
};

struct cache_size {
	bool found;	      /* otherwise the cache is larger than fits_bytes */
	uint64_t fits_bytes;  /* the largest size below the jump; 0 if there is none */
	uint64_t above_bytes; /* the smallest size above it, if found */
	double cached_ns;     /* the least time of a block below the jump */
	double uncached_ns;   /* the time of a block at above_bytes, if found */
};

/* Sort the points by size and look for the jump: from there on every time is more than `factor`
 * times the least one before. Single slow points, with fast ones of larger files behind them,
 * are noise. */
struct cache_size cache_size_of(struct cache_size_point *points, size_t count, double factor);

struct cache_size_plan {
	uint64_t bytes_min; /* where to begin */
	uint64_t bytes_max; /* never a larger file */
	double seconds_max; /* no size is begun that would end later, as far as can be told */
	double factor;	    /* what is a jump: 0 for the usual */
	double resolution;  /* how near to it, relative to the size: 0 for the usual */
};

/* Why the search ended. */
enum cache_size_end {
	CACHE_SIZE_DONE,    /* as near to the jump as was asked for */
	CACHE_SIZE_NO_ROOM, /* bytes_max was reached */
	CACHE_SIZE_NO_TIME,
	CACHE_SIZE_FAILED, /* a measurement failed */
};

/* Measure one size: the time of a block, and what all of it took, which should not be more than
 * `seconds_left`. 0; more: time is up; less: it failed, and the context knows why. */
typedef int cache_size_measure_fn(void *context, uint64_t bytes, double seconds_left,
				  double *block_ns, double *seconds);

/* All that was measured, also when the search ended early. */
struct cache_size_search {
	struct cache_size_point points[CACHE_SIZE_POINTS_MAX];
	size_t count;
	double seconds;
	struct cache_size result;
};

/* Double the size until it jumps, then halve the gap. A size that seems to jump is measured once
 * more, and its lesser time counts: the disk may have been busy. */
enum cache_size_end cache_size_find(const struct cache_size_plan *plan,
				    cache_size_measure_fn *measure, void *context,
				    struct cache_size_search *search);

#endif
