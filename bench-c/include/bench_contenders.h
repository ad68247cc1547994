/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that all do the same to one thing at the same time. Run's own thread is one of them.
 * They sleep between runs; prepare wakes them and waits until all stand at the gate, run opens
 * it, does its share and waits for the last, so neither waking nor sleeping is timed.
 *
 * The benchmark's data are a pointer to a struct bench_contenders, which begins whatever memory
 * they share.
 */
#ifndef KDYNO_BENCH_CONTENDERS_H
#define KDYNO_BENCH_CONTENDERS_H

#include "bench.h"

enum { BENCH_CONTENDERS_MAX = 256, BENCH_CACHE_LINE = 64 };

struct bench_contenders {
	/* A thread's share: number 0 is run's own. */
	void (*share)(struct bench_contenders *contenders, unsigned number, uint64_t iterations);
	unsigned others; /* threads besides run's own */
	uint64_t iterations;
	_Alignas(BENCH_CACHE_LINE) uint32_t round; /* a futex: changes when the next is prepared */
	uint32_t stop;
	_Alignas(BENCH_CACHE_LINE) uint32_t waiting; /* at the gate */
	_Alignas(BENCH_CACHE_LINE) uint32_t opened;  /* the round whose gate is open */
	_Alignas(BENCH_CACHE_LINE) uint32_t done;
};

/* A counter that no other thread's work slows down. */
struct bench_own_count {
	_Alignas(BENCH_CACHE_LINE) uint64_t value;
};

/* `size` bytes of shared memory that begin with a struct bench_contenders, and its threads:
 * parameter "threads" says how many in all. NULL after bench_fail(). */
void *bench_contenders_start(struct bench_state *state, size_t size,
			     void (*share)(struct bench_contenders *contenders, unsigned number,
					   uint64_t iterations));

/* The same memory again. */
void *bench_contenders_shared(struct bench_state *state);

/* Of a benchmark that has "threads" only. */
extern const struct bench_parameter bench_contenders_parameters[];

int bench_contenders_prepare(struct bench_state *state, uint64_t iterations);
int bench_contenders_run(struct bench_state *state, uint64_t iterations);
void bench_contenders_teardown(struct bench_state *state);

#endif
