// SPDX-License-Identifier: GPL-2.0-or-later
/* Knows its clock before it trusts it: resolution, cost, loop cost and cycle are measured. */
#include "clock.h"

#include "bench.h"
#include "calibrate.h"

#include <math.h>
#include <time.h>

enum {
	STEPS_WANTED = 200,
	READS_MAX = 10 * 1000 * 1000, /* a 10 ms clock has stepped long before that */
	COST_READS = 1000,
	COST_TRIES = 20,
	LOOP_TRIES = 40, /* 20 ms: longer than most phases in which a sibling thread is busy */
	XORS_PER_TURN = 16,
};

static uint64_t read_monotonic(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct clock clock_monotonic(void)
{
	return (struct clock){.now_ns = read_monotonic};
}

static int measure_resolution(struct clock *clock)
{
	uint64_t smallest = UINT64_MAX;
	uint64_t before = clock_now(clock);
	unsigned steps = 0;

	for (unsigned reads = 0; reads < READS_MAX && steps < STEPS_WANTED; reads++) {
		uint64_t now = clock_now(clock);
		if (now < before)
			return -1;
		if (now > before) {
			steps++;
			if (now - before < smallest)
				smallest = now - before;
		}
		before = now;
	}
	if (steps == 0)
		return -1;
	clock->resolution_ns = (double)smallest;
	return 0;
}

static void measure_cost(struct clock *clock)
{
	double best = INFINITY;

	for (unsigned i = 0; i < COST_TRIES; i++) {
		uint64_t begin = clock_now(clock);
		for (unsigned reads = 1; reads < COST_READS; reads++)
			(void)clock_now(clock);
		uint64_t end = clock_now(clock);
		best = fmin(best, (double)(end - begin) / COST_READS);
	}
	clock->cost_ns = best;
}

static int time_loop(void *context, uint64_t iterations, double *elapsed_ns)
{
	const struct clock *clock = context;
	uint64_t begin = clock_now(clock);

	for (uint64_t i = 0; i < iterations; i++)
		bench_barrier();
	uint64_t end = clock_now(clock);
	*elapsed_ns = (double)(end - begin);
	return 0;
}

/* Each xor waits for the one before and none can be folded: one cycle each on all cores. */
static int time_cycles(void *context, uint64_t iterations, double *elapsed_ns)
{
	const struct clock *clock = context;
	unsigned long value = 1;
	unsigned long mask = 2;
	uint64_t begin = clock_now(clock);

	for (uint64_t i = 0; i < iterations; i++) {
#pragma GCC unroll 16
		for (unsigned j = 0; j < XORS_PER_TURN; j++) {
			__asm__ volatile("" : "+r"(value), "+r"(mask));
			value ^= mask;
		}
	}
	uint64_t end = clock_now(clock);
	__asm__ volatile("" : : "r"(value));
	*elapsed_ns = (double)(end - begin);
	return 0;
}

static int best_per_turn(struct clock *clock, timed_fn *timed, double *ns)
{
	double wanted_ns = fmax(1000 * clock_quantum_ns(clock), 500e3);
	uint64_t iterations = 0;
	double best = INFINITY;

	if (calibrate(timed, clock, wanted_ns, &iterations) != 0)
		return -1;
	for (unsigned i = 0; i < LOOP_TRIES; i++) {
		double elapsed_ns = 0;
		timed(clock, iterations, &elapsed_ns);
		best = fmin(best, elapsed_ns / (double)iterations);
	}
	*ns = best;
	return 0;
}

int clock_measure(struct clock *clock)
{
	double turn_ns = 0;

	if (measure_resolution(clock) != 0)
		return -1;
	measure_cost(clock);
	if (best_per_turn(clock, time_loop, &clock->loop_ns) != 0)
		return -1;
	if (best_per_turn(clock, time_cycles, &turn_ns) != 0)
		return -1;
	clock->cycle_ns = turn_ns / XORS_PER_TURN;
	return 0;
}

double clock_quantum_ns(const struct clock *clock)
{
	return fmax(clock->resolution_ns, clock->cost_ns);
}
