/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log-linear histogram of durations, as HdrHistogram's: 16 steps per power of two, so that a
 * figure read from it is at most 1/16 too large. */
#ifndef KDYNO_REAIM_HISTOGRAM_H
#define KDYNO_REAIM_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	HISTOGRAM_STEP_BITS = 4,
	HISTOGRAM_STEPS = 1 << HISTOGRAM_STEP_BITS,
	HISTOGRAM_POWERS = 42, /* up to 2^42 ns, 73 minutes; longer counts as that */
	HISTOGRAM_BUCKETS = (HISTOGRAM_POWERS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS,
};

struct histogram {
	uint32_t counts[HISTOGRAM_BUCKETS];
};

static inline size_t histogram_bucket(uint64_t duration_ns)
{
	if (duration_ns < HISTOGRAM_STEPS)
		return (size_t)duration_ns;
	unsigned power = 63 - (unsigned)__builtin_clzll(duration_ns);
	if (power >= HISTOGRAM_POWERS)
		return HISTOGRAM_BUCKETS - 1;
	unsigned shift = power - HISTOGRAM_STEP_BITS;
	return ((size_t)(shift + 1) << HISTOGRAM_STEP_BITS) +
	       (size_t)((duration_ns >> shift) & (HISTOGRAM_STEPS - 1));
}

static inline void histogram_add(struct histogram *histogram, uint64_t duration_ns)
{
	histogram->counts[histogram_bucket(duration_ns)]++;
}

/* The smallest duration that falls into `bucket`. */
uint64_t histogram_low_ns(size_t bucket);
/* The largest duration of the bucket that holds the quantile; 0 when empty. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double quantile);
uint64_t histogram_total(const struct histogram *histogram);
/* Add `from` to `to`, which several processes may do at once. */
void histogram_merge(struct histogram *to, const struct histogram *from);

#endif
