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
	COST_READS = 500,
	XORS_PER_TURN = 16,
	TRIES_PER_ROUND = 3,
	ROUNDS_MIN = 15,
	PROBE_CHUNKS = 5,
};

/* How long the loops are looked at. */
struct patience {
	unsigned rounds;
	unsigned rounds_max; /* while loop and cycle do not fit each other */
	long pause_ns;	     /* between rounds */
};

static const struct patience at_start = {50, 150, 1000000}; /* longer than most disturbances */
static const struct patience in_between = {50, 50, 0};
static const double patience_ns = 150e6; /* where others leave little time for the rounds */

static const double try_ns = 20e3;
static const double turns_max = 1e8;

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

static int time_reading(void *context, uint64_t iterations, double *elapsed_ns)
{
	const struct clock *clock = context;
	uint64_t begin = clock_now(clock);

	for (uint64_t i = 1; i < iterations; i++)
		(void)clock_now(clock);
	uint64_t end = clock_now(clock);
	*elapsed_ns = (double)(end - begin);
	return 0;
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

/* Something timed again and again, and the least that a turn of it took. */
struct pace {
	timed_fn *timed;
	uint64_t turns; /* of one try */
	double best_ns;
};

static void try_once(struct clock *clock, struct pace *pace)
{
	double elapsed_ns = 0;

	(void)pace->timed(clock, pace->turns, &elapsed_ns);
	pace->best_ns = fmin(pace->best_ns, elapsed_ns / (double)pace->turns);
}

/* Short tries, so that many see no interruption, but long beside the clock's step. */
static int choose_turns(struct clock *clock, struct pace *pace)
{
	double wanted_ns = fmax(try_ns, 1000 * clock->resolution_ns);
	double elapsed_ns = 0;

	for (pace->turns = 1; elapsed_ns < wanted_ns; pace->turns *= 2) {
		if ((double)pace->turns > turns_max)
			return -1;
		(void)pace->timed(clock, pace->turns, &elapsed_ns);
	}
	return 0;
}

bool clock_is_plausible(double loop_ns, double cycle_ns)
{
	double cycles = loop_ns / cycle_ns;

	return cycles > 0.95 && fabs(cycles - round(cycles)) < 0.07;
}

/* The three in turn and with pauses: a disturbance then falls on all of them alike and on few
 * of the tries. A busy sibling thread slows the loop more than the chain of xors, hence a
 * loop that is no whole number of cycles has not been seen undisturbed yet. */
static void measure_paces(struct clock *clock, const struct patience *patience, struct pace *cost,
			  struct pace *loop, struct pace *turn)
{
	const struct timespec pause = {.tv_nsec = patience->pause_ns};
	uint64_t begin_ns = clock_now(clock);

	for (unsigned round = 0; round < patience->rounds_max; round++) {
		if (round >= ROUNDS_MIN && (double)(clock_now(clock) - begin_ns) > patience_ns)
			break;
		if (round >= patience->rounds &&
		    clock_is_plausible(loop->best_ns, turn->best_ns / XORS_PER_TURN))
			break;
		for (unsigned i = 0; i < TRIES_PER_ROUND; i++) {
			try_once(clock, cost);
			try_once(clock, loop);
			try_once(clock, turn);
		}
		if (patience->pause_ns > 0)
			(void)nanosleep(&pause, NULL);
	}
}

static int measure_patiently(struct clock *clock, const struct patience *patience)
{
	struct pace cost = {time_reading, COST_READS, INFINITY};
	struct pace loop = {time_loop, 0, INFINITY};
	struct pace turn = {time_cycles, 0, INFINITY};

	try_once(clock, &cost);
	clock->cost_ns = cost.best_ns;
	if (choose_turns(clock, &loop) != 0 || choose_turns(clock, &turn) != 0)
		return -1;
	measure_paces(clock, patience, &cost, &loop, &turn);
	clock->cost_ns = cost.best_ns;
	clock->loop_ns = loop.best_ns;
	clock->cycle_ns = turn.best_ns / XORS_PER_TURN;
	return 0;
}

int clock_measure(struct clock *clock)
{
	if (measure_resolution(clock) != 0)
		return -1;
	if (measure_patiently(clock, &at_start) != 0)
		return -1;
	clock->quickest_loop_ns = clock->loop_ns;
	return 0;
}

int clock_refresh(struct clock *clock)
{
	struct clock refreshed = *clock;

	if (clock->loop_ns <= 0 || measure_patiently(&refreshed, &in_between) != 0)
		return -1;
	refreshed.quickest_loop_ns = fmin(refreshed.loop_ns, clock->quickest_loop_ns);
	*clock = refreshed;
	return 0;
}

struct clock_probe clock_probe(const struct clock *clock)
{
	double chunk_ns = fmax(2000, 100 * clock->resolution_ns);
	uint64_t turns = clock->loop_ns > 0 ? (uint64_t)(chunk_ns / clock->loop_ns) + 1 : 1;
	struct clock local = *clock;
	double worst_ns = 0;
	double best_ns = INFINITY;

	for (unsigned i = 0; i < PROBE_CHUNKS; i++) {
		double elapsed_ns = 0;
		(void)time_loop(&local, turns, &elapsed_ns);
		best_ns = fmin(best_ns, elapsed_ns);
		worst_ns = fmax(worst_ns, elapsed_ns);
	}
	return (struct clock_probe){
		.loop_ns = fmax(best_ns - clock->cost_ns, 0) / (double)turns,
		.hole_ns = worst_ns - best_ns,
	};
}

double clock_quantum_ns(const struct clock *clock)
{
	return fmax(clock->resolution_ns, clock->cost_ns);
}
