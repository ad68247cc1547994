// SPDX-License-Identifier: GPL-2.0-or-later
#include "histogram.h"

#include <math.h>

uint64_t histogram_low_ns(size_t bucket)
{
	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	size_t shift = (bucket >> HISTOGRAM_STEP_BITS) - 1;
	uint64_t step = (bucket & (HISTOGRAM_STEPS - 1)) + HISTOGRAM_STEPS;
	return step << shift;
}

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t total = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += histogram->counts[i];
	return total;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double quantile)
{
	uint64_t rank = (uint64_t)ceil(quantile * (double)histogram_total(histogram));
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (histogram->counts[i] > 0 && seen >= rank)
			return histogram_low_ns(i + 1) - 1;
	}
	return 0;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (from->counts[i] > 0)
			(void)__atomic_fetch_add(&to->counts[i], from->counts[i], __ATOMIC_RELAXED);
}
