/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a set of samples one cluster or a mixture of several? Pure. */
#ifndef KDYNO_MODES_H
#define KDYNO_MODES_H

#include <stddef.h>

enum { MODES_MAX = 4 };

struct mode {
	double share; /* of the samples; all shares add up to 1 */
	double median;
};

struct modes {
	size_t count; /* 1 .. MODES_MAX, in ascending order of the median */
	struct mode modes[MODES_MAX];
};

/*
 * Split `sorted` (ascending, count >= 1) where that is beyond doubt: on a logarithmic scale the
 * partition with the least scatter, with as many parts as are each at least a fortieth of the
 * samples, a tenth apart, and parted by a valley that no single hump, however skewed or
 * heavy-tailed, would leave empty. Samples that are not all positive are one mode.
 */
struct modes modes_of(const double *sorted, size_t count);

#endif
