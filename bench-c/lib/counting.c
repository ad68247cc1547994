// SPDX-License-Identifier: GPL-2.0-or-later
#include "counting.h"

#include "batch.h"
#include "stats.h"

#include <math.h>
#include <string.h>

static const double limit_ns = 30e6;

static void start(void *context)
{
	counters_start(context);
}

static void stop(void *context)
{
	counters_stop(context);
}

double counting_per_operation(double total, double operations, double tasks)
{
	double whole = round(total / operations);

	if (fabs(total - whole * operations) <= tasks && tasks < operations / 2)
		return whole;
	return total / operations;
}

/* Counted batches are not timed: reading the clock may be a system call. */
static uint64_t no_time(void *context)
{
	(void)context;
	return 0;
}

static int count_batch(struct bench_state *state, const struct batch *like,
		       struct counters *counters, struct counting *counting)
{
	struct batch batch = *like;
	double operations = (double)batch.iterations * (double)state->operations_per_iteration;

	int error = batch_run(state, &batch);
	for (unsigned kind = 0; kind < COUNTER_KINDS && error == 0; kind++) {
		double total = 0;
		bool exact = kind == COUNTER_SYSCALLS || kind == COUNTER_CONTEXT_SWITCHES ||
			     kind == COUNTER_PAGE_FAULTS;
		if (!counters_value(counters, kind, &total))
			counting->known[kind] = false;
		counting->values[kind][counting->passes] =
			exact ? counting_per_operation(fmax(total, 0), operations,
						       (double)counters->task_count)
			      : total / operations;
	}
	counting->passes += error == 0;
	return error;
}

int counting_run(struct bench_state *state, const struct clock *clock, uint64_t iterations,
		 struct counting *counting)
{
	struct counters counters;
	const struct batch_hooks hooks = {.begin = start, .end = stop, .context = &counters};
	const struct clock untimed = {.now_ns = no_time};
	const struct batch batch = {.clock = &untimed,
				    .run = state->bench->run,
				    .iterations = iterations,
				    .hooks = &hooks};
	int error = BENCH_OK;

	*counting = (struct counting){.passes = 0};
	counters_open(&counters, state->children, state->child_count);
	memcpy(counting->known, counters.known, sizeof(counting->known));
	uint64_t begin_ns = clock_now(clock);
	for (unsigned pass = 0; pass < COUNTING_PASSES && error == 0; pass++) {
		if (pass > 0 && (double)(clock_now(clock) - begin_ns) >= limit_ns)
			break;
		error = count_batch(state, &batch, &counters, counting);
	}
	counters_close(&counters);
	return error;
}

double counting_typical(const struct counting *counting, enum counter kind)
{
	double sorted[COUNTING_PASSES];

	memcpy(sorted, counting->values[kind], sizeof(sorted));
	stats_sort(sorted, counting->passes);
	return sorted[counting->passes / 2];
}
