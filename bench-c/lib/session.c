// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include "calibrate.h"
#include "registry.h"
#include "scratch.h"
#include "state.h"

#include <math.h>
#include <signal.h>

/* The core's frequency may rise by this much after the cycle was measured. */
static const double cycle_tolerance = 0.9;
static const double overhead_share = 0.3; /* of the budget, for benchmarks that have one */

typedef int run_fn(struct bench_state *state, uint64_t iterations);

/* One of a benchmark's two loops, and what becomes of its time. */
struct loop {
	struct bench_state *state;
	const struct clock *clock;
	run_fn *run;
	uint64_t iterations;
	double subtract_ns; /* per operation, besides clock and loop */
	bool is_overhead;
};

static int prove_work(struct bench_state *state)
{
	uint64_t done = state->bench->work(state);

	if (done == state->operations)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: %llu operations asked, %llu done",
			  (unsigned long long)state->operations, (unsigned long long)done);
}

/* Nothing but the work between the two readings; the proof comes after. */
static int timed_loop(void *context, uint64_t iterations, double *elapsed_ns)
{
	struct loop *loop = context;
	struct bench_state *state = loop->state;
	const struct bench *bench = state->bench;

	if (bench->prepare != NULL && bench->prepare(state, iterations) != 0)
		return bench_fail(state, "prepare failed");
	state->took_ns = -1;
	uint64_t begin = clock_now(loop->clock);
	int error = loop->run(state, iterations);
	uint64_t end = clock_now(loop->clock);
	if (error != 0) {
		result_explain(state->result, "run failed with code %d", error);
		return error;
	}
	if (end < begin)
		return bench_fail(state, "the clock went backwards");
	*elapsed_ns = (double)(end - begin);
	state->operations += iterations * state->operations_per_iteration;
	error = prove_work(state);
	if (error == 0 && bench->restore != NULL && bench->restore(state, iterations) != 0)
		return bench_fail(state, "restore failed");
	return error;
}

/* What one operation took, without what the measuring itself costs. */
static int net_of(const struct loop *loop, double elapsed_ns, double *net_ns)
{
	const struct bench *bench = loop->state->bench;
	const struct clock *clock = loop->clock;
	double per_iteration = (double)loop->state->operations_per_iteration;
	double operations = (double)loop->iterations * per_iteration;

	*net_ns = elapsed_ns / operations;
	if (bench->raw)
		return BENCH_OK;
	if (*net_ns < cycle_tolerance * clock->cycle_ns / per_iteration)
		return bench_fail(loop->state,
				  "%.3g ns per operation is below one core cycle (%.3g "
				  "ns): the work was optimised away",
				  *net_ns, clock->cycle_ns);
	*net_ns -= clock->cost_ns / operations + clock->loop_ns / per_iteration;
	*net_ns -= loop->subtract_ns;
	return BENCH_OK;
}

static int sample_figure(void *context, double *figure)
{
	struct loop *loop = context;
	struct bench_state *state = loop->state;
	const struct bench *bench = state->bench;
	double elapsed_ns = 0;
	double net_ns = 0;

	int error = timed_loop(loop, loop->iterations, &elapsed_ns);
	if (error != 0)
		return error;
	if (state->took_ns >= 0)
		net_ns = state->took_ns /
			 ((double)loop->iterations * (double)state->operations_per_iteration);
	else
		error = net_of(loop, elapsed_ns, &net_ns);
	if (error != 0)
		return error;
	*figure = loop->is_overhead ? net_ns
				    : figure_of(bench->figure, net_ns, state->bytes_per_operation);
	if (isfinite(*figure) && (*figure > 0 || bench->may_be_zero))
		return BENCH_OK;
	return bench_fail(state, "no figure left: %.3g ns per operation after overhead", net_ns);
}

static int choose_batch(struct loop *loop, const struct sampling_plan *plan)
{
	double wanted_ns =
		sample_length_ns(clock_quantum_ns(loop->clock), plan->budget_ns, plan->samples_min);
	int error = calibrate(timed_loop, loop, wanted_ns, &loop->iterations);

	if (error == CALIBRATE_TOO_FAST)
		return bench_fail(loop->state, "no number of iterations takes any time: the work "
					       "was optimised away");
	return error;
}

static int measure(struct loop *loop, const struct sampling_plan *plan, struct metric *metric)
{
	struct bench_state *state = loop->state;
	struct sampling *sampling = &metric->sampling;

	int error = choose_batch(loop, plan);
	if (error != 0)
		return error;
	metric->is_overhead = loop->is_overhead;
	metric->iterations = loop->iterations;
	metric->operations_per_sample = loop->iterations * state->operations_per_iteration;
	error = sampler_warm_up(sample_figure, loop, loop->clock, plan, sampling);
	if (error != 0)
		return error;
	uint64_t operations_before = state->operations;
	struct counts before = counts_now(state->children, state->child_count);
	error = sampler_collect(sample_figure, loop, loop->clock, plan, sampling);
	if (error != 0)
		return error;
	struct counts after = counts_now(state->children, state->child_count);
	if (!loop->is_overhead)
		state->result->counts =
			counts_between(&before, &after, state->operations - operations_before);
	for (size_t i = 0; i < sampling->count; i++)
		sampling->scratch[i] = sampling->samples[i];
	metric->stats = stats_of(sampling->scratch, sampling->count, plan->confidence);
	return BENCH_OK;
}

static double counted(const struct counts_per_operation *counts, enum bench_count count)
{
	switch (count) {
	case BENCH_SWITCHES:
		return counts->voluntary_switches + counts->involuntary_switches;
	case BENCH_MINOR_FAULTS:
		return counts->minor_faults;
	case BENCH_MAJOR_FAULTS:
		return counts->major_faults;
	case BENCH_NO_COUNT:
		break;
	}
	return 0;
}

static int check_expectations(struct bench_state *state)
{
	static const char *const names[] = {
		[BENCH_SWITCHES] = "context switches",
		[BENCH_MINOR_FAULTS] = "minor page faults",
		[BENCH_MAJOR_FAULTS] = "major page faults",
	};
	const struct result *result = state->result;
	bool same_cpu = result->spec.placement == PLACEMENT_SAME_CPU;

	for (size_t i = 0; i < BENCH_EXPECTATIONS_MAX && result->counts.known; i++) {
		const struct bench_expectation *expected = &state->bench->expectations[i];
		if (expected->count == BENCH_NO_COUNT)
			break;
		double got = counted(&result->counts, expected->count);
		if (expected->only_same_cpu && !same_cpu)
			continue;
		if (got < expected->min || (expected->max > 0 && got > expected->max))
			return bench_fail(
				state, "work proof failed: %.4g %s per operation, not %.4g..%.4g",
				got, names[expected->count], expected->min,
				expected->max > 0 ? expected->max : INFINITY);
	}
	return BENCH_OK;
}

static int measure_all(struct bench_state *state, const struct options *options)
{
	const struct bench *bench = state->bench;
	struct result *result = state->result;
	struct loop loop = {.state = state, .clock = &options->clock, .run = bench->run};
	struct sampling_plan plan = options->plan;

	if (bench->overhead != NULL) {
		struct loop without = loop;
		struct metric *overhead = &result->metrics[1];

		without.run = bench->overhead;
		without.is_overhead = true;
		plan.budget_ns = overhead_share * options->plan.budget_ns;
		int error = measure(&without, &plan, overhead);
		if (error != 0)
			return error;
		/* As with clock and loop, the least it costs: whatever disturbs it adds to it,
		 * and a median of a bad moment would shift every sample of this run. */
		loop.subtract_ns = overhead->stats.min;
		plan.budget_ns = options->plan.budget_ns - plan.budget_ns;
	}
	int error = measure(&loop, &plan, &result->metrics[0]);
	if (error != 0)
		return error;
	result->metric_count = bench->overhead == NULL ? 1 : 2;
	result->operations_per_iteration = state->operations_per_iteration;
	result->bytes_per_operation = state->bytes_per_operation;
	return check_expectations(state);
}

/* Children are reaped on every way out; a measurement that was fine until a child failed at
 * its end is an error too. */
static int run_placed(struct bench_state *state, const struct options *options)
{
	const struct bench *bench = state->bench;
	int error = state_place(state, 0);

	if (error == 0 && bench->setup != NULL)
		error = bench->setup(state);
	if (error == 0)
		error = measure_all(state, options);
	if (bench->teardown != NULL)
		bench->teardown(state);
	int reap_error = state_reap(state, error != 0);
	return error != 0 ? error : reap_error;
}

int session_run(struct result *result, const struct options *options)
{
	struct bench_state state;

	const char *obstacle = placement_obstacle(result->spec.placement, spec_tasks(&result->spec),
						  &options->allowed);
	if (obstacle != NULL) {
		result_explain(result, "%s", obstacle);
		return result_end(result, STATUS_SKIP);
	}
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that died is an error of write(), not our death */
	int error = state_open(&state, result, &options->allowed);
	if (error == 0)
		error = run_placed(&state, options);
	state_close(&state);
	scratch_remove(result);
	if (error == 0)
		return result_end(result, STATUS_DONE);
	return result_end(result, error == BENCH_SKIP ? STATUS_SKIP : STATUS_ERROR);
}
