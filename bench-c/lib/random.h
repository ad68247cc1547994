/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that look random and follow from a seed: splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
 */
#ifndef KDYNO_RANDOM_H
#define KDYNO_RANDOM_H

#include <stdint.h>

/* The number that belongs to `value`. */
static inline uint64_t random_of(uint64_t value)
{
	value += 0x9e3779b97f4a7c15u;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

/* The next number of the sequence that *state is in. */
static inline uint64_t random_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return random_of(*state);
}

/* The same of two numbers: what belongs to (a, b + 1) has nothing to do with (a + 1, b). */
static inline uint64_t random_of_two(uint64_t a, uint64_t b)
{
	return random_of(random_of(a) ^ b);
}

#endif
