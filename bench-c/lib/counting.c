// SPDX-License-Identifier: GPL-2.0-or-later
#include "counting.h"

#include "batch.h"
#include "stats.h"

#include <math.h>
#include <string.h>

static const double limit_ns = 30e6;

/* A clock that starts the counters when a batch begins and stops them when it ends: what is
 * prepared before and proved after is not counted. */
struct gate {
	const struct clock *clock;
	struct counters counters;
	bool counting;
};

static uint64_t pass_gate(void *context)
{
	struct gate *gate = context;

	if (gate->counting)
		counters_stop(&gate->counters);
	uint64_t now_ns = clock_now(gate->clock);
	gate->counting = !gate->counting;
	if (gate->counting)
		counters_start(&gate->counters);
	return now_ns;
}

double counting_per_operation(double total, double operations, double tasks)
{
	double whole = round(total / operations);

	if (fabs(total - whole * operations) <= tasks && tasks < operations / 2)
		return whole;
	return total / operations;
}

static int count_batch(struct bench_state *state, struct gate *gate, uint64_t iterations,
		       struct counting *counting)
{
	const struct clock clock = {.now_ns = pass_gate, .context = gate};
	struct batch batch = {.clock = &clock, .run = state->bench->run, .iterations = iterations};
	double operations = (double)iterations * (double)state->operations_per_iteration;

	int error = batch_run(state, &batch);
	for (unsigned kind = 0; kind < COUNTER_KINDS && error == 0; kind++) {
		double total = 0;
		bool exact = kind == COUNTER_SYSCALLS || kind == COUNTER_CONTEXT_SWITCHES ||
			     kind == COUNTER_PAGE_FAULTS;
		if (!counters_value(&gate->counters, kind, &total))
			counting->known[kind] = false;
		counting->values[kind][counting->passes] =
			exact ? counting_per_operation(fmax(total, 0), operations,
						       (double)gate->counters.task_count)
			      : total / operations;
	}
	counting->passes += error == 0;
	return error;
}

int counting_run(struct bench_state *state, const struct clock *clock, uint64_t iterations,
		 struct counting *counting)
{
	struct gate gate = {.clock = clock};
	int error = BENCH_OK;

	*counting = (struct counting){.passes = 0};
	counters_open(&gate.counters, state->children, state->child_count);
	memcpy(counting->known, gate.counters.known, sizeof(counting->known));
	uint64_t begin_ns = clock_now(clock);
	for (unsigned pass = 0; pass < COUNTING_PASSES && error == 0; pass++) {
		if (pass > 0 && (double)(clock_now(clock) - begin_ns) >= limit_ns)
			break;
		gate.counting = false;
		error = count_batch(state, &gate, iterations, counting);
	}
	counters_close(&gate.counters);
	return error;
}

double counting_typical(const struct counting *counting, enum counter kind)
{
	double sorted[COUNTING_PASSES];

	memcpy(sorted, counting->values[kind], sizeof(sorted));
	stats_sort(sorted, counting->passes);
	return sorted[counting->passes / 2];
}
