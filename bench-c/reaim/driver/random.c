// SPDX-License-Identifier: GPL-2.0-or-later
#include "random.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

uint64_t random_next(struct random *random)
{
	random->state += GOLDEN_GAMMA;
	uint64_t z = random->state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Each part is hashed on its own: neighbouring seeds and children share no sequence. */
struct random random_stream(uint64_t seed, uint64_t child, enum random_stream stream)
{
	struct random random = {.state = seed};

	random.state = random_next(&random) ^ (2 * child + (uint64_t)stream);
	random.state = random_next(&random);
	return random;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
	uint64_t threshold = bound == 0 ? 0 : -bound % bound;

	for (;;) {
		__extension__ typedef unsigned __int128 wide;
		wide product = (wide)random_next(random) * bound;
		if ((uint64_t)product >= threshold)
			return (uint64_t)(product >> 64);
	}
}
