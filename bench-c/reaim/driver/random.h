/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): one word of state, so that a child's order is a function of seed and number alone. */
#ifndef KDYNO_REAIM_RANDOM_H
#define KDYNO_REAIM_RANDOM_H

#include <stdint.h>

enum random_stream {
	RANDOM_ORDER,	  /* the order of a child's jobs */
	RANDOM_OPERATION, /* what its operations draw */
};

struct random {
	uint64_t state;
};

struct random random_stream(uint64_t seed, uint64_t child, enum random_stream stream);
uint64_t random_next(struct random *random);
/* Uniform in [0, bound); 0 for bound 0. Lemire, "Fast random integer generation in an
 * interval", 2019. */
uint64_t random_below(struct random *random, uint64_t bound);

#endif
