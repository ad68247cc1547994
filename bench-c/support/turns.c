// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_turns.h"

#include <sched.h>
#include <time.h>

enum { PATIENCE_MS = 5000 };

void bench_turns_hide_ipc(void)
{
	(void)unshare(CLONE_NEWIPC);
}

void bench_turns_say_ready(struct bench_turns *turns)
{
	__atomic_store_n(&turns->ready, 1, __ATOMIC_RELEASE);
}

int bench_turns_wait_ready(struct bench_state *state, const struct bench_turns *turns)
{
	const struct timespec pause = {.tv_nsec = 100000};

	for (int tenth_ms = 0; tenth_ms < 10 * PATIENCE_MS; tenth_ms++) {
		if (__atomic_load_n(&turns->ready, __ATOMIC_ACQUIRE) != 0)
			return BENCH_OK;
		(void)nanosleep(&pause, NULL);
	}
	return bench_fail(state, "the other task did not become ready");
}
