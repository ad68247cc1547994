/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monotonic milliseconds. */
#ifndef KDYNO_IMAGER_CLOCK_H
#define KDYNO_IMAGER_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void clock_sleep_ms(int64_t ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0)
		;
}

#endif
