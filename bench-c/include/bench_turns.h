/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two tasks that take turns share, whatever wakes the one whose turn it is. */
#ifndef KDYNO_BENCH_TURNS_H
#define KDYNO_BENCH_TURNS_H

#include "bench.h"

struct bench_turns {
	uint64_t answered; /* by the other task; written by it alone, before each answer */
	uint32_t ready;	   /* 1 when the other task waits for its first turn */
	uint32_t stop;	   /* the next turn is the last */
};

/* For what has a number and outlives its makers: where it is permitted, put it into a namespace
 * that goes with this process and its children, however they end. */
void bench_turns_hide_ipc(void);

/* Tell the parent, or wait for it to be told, at most a few seconds. */
void bench_turns_say_ready(struct bench_turns *turns);
int bench_turns_wait_ready(struct bench_state *state, const struct bench_turns *turns);

static inline void bench_turns_stop(struct bench_turns *turns)
{
	__atomic_store_n(&turns->stop, 1, __ATOMIC_RELEASE);
}

static inline bool bench_turns_stopped(const struct bench_turns *turns)
{
	return __atomic_load_n(&turns->stop, __ATOMIC_ACQUIRE) != 0;
}

static inline void bench_turns_count(struct bench_turns *turns)
{
	uint64_t before = __atomic_load_n(&turns->answered, __ATOMIC_RELAXED);

	__atomic_store_n(&turns->answered, before + 1, __ATOMIC_RELAXED);
}

static inline uint64_t bench_turns_answered(const struct bench_turns *turns)
{
	return __atomic_load_n(&turns->answered, __ATOMIC_RELAXED);
}

#endif
