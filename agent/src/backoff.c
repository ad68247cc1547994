/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backoff.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "stop.h"

#define FIRST_WAIT_MS	 500
#define LONGEST_WAIT_MS	 10000
#define STOPPING_WAIT_MS 500

/* Uniform in 0 ... below-1; early in a boot it may not be random, which only costs the spread. */
static int64_t random_below(int64_t below)
{
	uint32_t value = 0;

	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
		value = (uint32_t)clock_realtime_ns();
	return (int64_t)(value % (uint64_t)below);
}

void backoff_begin(struct backoff *backoff, int64_t patience_ms)
{
	backoff->patience_ms = patience_ms;
	backoff->started_ms = clock_monotonic_ms();
	backoff->next_ms = FIRST_WAIT_MS;
}

bool backoff_wait(struct backoff *backoff)
{
	/* the last quarter of each wait is a matter of chance */
	int64_t wait_ms = backoff->next_ms * 3 / 4 + random_below(backoff->next_ms / 4 + 1);
	int64_t over_ms = backoff->started_ms + backoff->patience_ms;

	if (stop_requested()) {
		struct timespec pause = {.tv_nsec = STOPPING_WAIT_MS * 1000000L};

		if (stop_left_ms() <= STOPPING_WAIT_MS)
			return false;
		nanosleep(&pause, NULL);
		return true;
	}
	if (clock_monotonic_ms() + wait_ms > over_ms)
		return false;
	backoff->next_ms *= 2;
	if (backoff->next_ms > LONGEST_WAIT_MS)
		backoff->next_ms = LONGEST_WAIT_MS;
	stop_sleep_ms(wait_ms);
	return true;
}
