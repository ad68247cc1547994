// SPDX-License-Identifier: GPL-2.0-or-later
#include "cache_size.h"

#include <stdlib.h>

/* From memory to disk it is tenfold and more on disks that turn, threefold on fast ones with
 * read-ahead; noise of a cached read stays below twofold. */
static const double factor_usual = 2.5;
static const double resolution_usual = 1.0 / 16;
static const uint64_t granule_bytes = 1 << 20;

static int compare_sizes(const void *left, const void *right)
{
	const struct cache_size_point *a = left;
	const struct cache_size_point *b = right;

	return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static double least_ns(const struct cache_size_point *points, size_t count)
{
	double least = 0;

	for (size_t i = 0; i < count; i++)
		if (i == 0 || points[i].block_ns < least)
			least = points[i].block_ns;
	return least;
}

/* Is everything from `from` on slow, compared with the best before it? */
static bool jumps_at(const struct cache_size_point *points, size_t count, size_t from,
		     double factor)
{
	double limit_ns = factor * least_ns(points, from);

	for (size_t i = from; i < count; i++)
		if (points[i].block_ns <= limit_ns)
			return false;
	return true;
}

struct cache_size cache_size_of(struct cache_size_point *points, size_t count, double factor)
{
	struct cache_size result = {0};
	size_t jump = 1;

	if (count == 0)
		return result;
	qsort(points, count, sizeof(*points), compare_sizes);
	while (jump < count && !jumps_at(points, count, jump, factor))
		jump++;
	result.fits_bytes = points[jump - 1].bytes;
	result.cached_ns = least_ns(points, jump);
	if (jump == count)
		return result;
	result.found = true;
	result.above_bytes = points[jump].bytes;
	result.uncached_ns = points[jump].block_ns;
	return result;
}

static bool near_enough(const struct cache_size_plan *plan, const struct cache_size *result)
{
	double wanted = plan->resolution > 0 ? plan->resolution : resolution_usual;
	uint64_t gap = result->above_bytes - result->fits_bytes;

	return (double)gap <= wanted * (double)result->fits_bytes || gap <= granule_bytes;
}

/* The next size to look at; 0: none is left. */
static uint64_t next_size(const struct cache_size_plan *plan,
			  const struct cache_size_search *search)
{
	const struct cache_size *result = &search->result;

	if (search->count == 0)
		return plan->bytes_min <= plan->bytes_max ? plan->bytes_min : 0;
	if (result->found) {
		uint64_t middle =
			result->fits_bytes + (result->above_bytes - result->fits_bytes) / 2;
		return middle / granule_bytes * granule_bytes > result->fits_bytes
			       ? middle / granule_bytes * granule_bytes
			       : middle;
	}
	if (result->fits_bytes >= plan->bytes_max)
		return 0;
	return result->fits_bytes > plan->bytes_max / 2 ? plan->bytes_max : 2 * result->fits_bytes;
}

/* Measure a size and sort it in; what it took is added up. */
static enum cache_size_end take_point(const struct cache_size_plan *plan,
				      cache_size_measure_fn *measure, void *context, uint64_t bytes,
				      struct cache_size_search *search, double *block_ns)
{
	double seconds = 0;

	int status =
		measure(context, bytes, plan->seconds_max - search->seconds, block_ns, &seconds);
	search->seconds += seconds;
	if (status != 0)
		return status > 0 ? CACHE_SIZE_NO_TIME : CACHE_SIZE_FAILED;
	return CACHE_SIZE_DONE;
}

static void settle(const struct cache_size_plan *plan, struct cache_size_search *search)
{
	search->result = cache_size_of(search->points, search->count,
				       plan->factor > 0 ? plan->factor : factor_usual);
}

/* Measure the next size, and again if it is where the jump seems to be. */
static enum cache_size_end step(const struct cache_size_plan *plan, cache_size_measure_fn *measure,
				void *context, uint64_t bytes, struct cache_size_search *search)
{
	struct cache_size_point point = {.bytes = bytes};
	double again_ns = 0;

	enum cache_size_end end =
		take_point(plan, measure, context, bytes, search, &point.block_ns);
	if (end != CACHE_SIZE_DONE)
		return end;
	search->points[search->count++] = point;
	settle(plan, search);
	if (!search->result.found || search->result.above_bytes != bytes)
		return CACHE_SIZE_DONE;
	end = take_point(plan, measure, context, bytes, search, &again_ns);
	for (size_t i = 0; i < search->count && end == CACHE_SIZE_DONE; i++)
		if (search->points[i].bytes == bytes && again_ns < search->points[i].block_ns)
			search->points[i].block_ns = again_ns;
	settle(plan, search);
	return end;
}

enum cache_size_end cache_size_find(const struct cache_size_plan *plan,
				    cache_size_measure_fn *measure, void *context,
				    struct cache_size_search *search)
{
	double seconds_per_byte = 0; /* of the largest size so far */
	uint64_t largest = 0;

	*search = (struct cache_size_search){0};
	while (!search->result.found || !near_enough(plan, &search->result)) {
		uint64_t bytes = next_size(plan, search);
		double before = search->seconds;
		if (bytes == 0 || search->count == CACHE_SIZE_POINTS_MAX)
			return CACHE_SIZE_NO_ROOM;
		if (before + seconds_per_byte * (double)bytes > plan->seconds_max)
			return CACHE_SIZE_NO_TIME;
		enum cache_size_end end = step(plan, measure, context, bytes, search);
		if (end != CACHE_SIZE_DONE)
			return end;
		if (bytes > largest) {
			largest = bytes;
			seconds_per_byte = (search->seconds - before) / (double)bytes;
		}
	}
	return CACHE_SIZE_DONE;
}
