// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include "calibrate.h"
#include "registry.h"
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

static uint64_t operations_per_iteration(const struct bench *bench)
{
	return bench->operations_per_iteration == 0 ? 1 : bench->operations_per_iteration;
}

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
	state->operations += iterations * operations_per_iteration(state->bench);
	return prove_work(state);
}

static int sample_figure(void *context, double *figure)
{
	struct loop *loop = context;
	const struct bench *bench = loop->state->bench;
	const struct clock *clock = loop->clock;
	double per_iteration = (double)operations_per_iteration(bench);
	double operations = (double)loop->iterations * per_iteration;
	double elapsed_ns = 0;

	int error = timed_loop(loop, loop->iterations, &elapsed_ns);
	if (error != 0)
		return error;
	double net_ns = elapsed_ns / operations;
	if (!bench->raw) {
		if (net_ns < cycle_tolerance * clock->cycle_ns)
			return bench_fail(loop->state,
					  "%.3g ns per operation is below one core cycle (%.3g "
					  "ns): the work was optimised away",
					  net_ns, clock->cycle_ns);
		net_ns -= clock->cost_ns / operations + clock->loop_ns / per_iteration;
		net_ns -= loop->subtract_ns;
	}
	*figure = loop->is_overhead ? net_ns : figure_of(bench, net_ns);
	if (isfinite(*figure) && *figure > 0)
		return BENCH_OK;
	return bench_fail(loop->state, "no figure left: %.3g ns per operation after overhead",
			  net_ns);
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

static void describe_metric(struct metric *metric, const struct loop *loop)
{
	const struct bench *bench = loop->state->bench;
	const struct figure_kind *kind =
		figure_kind(loop->is_overhead ? BENCH_LATENCY : bench->figure);

	metric->name = loop->is_overhead ? "overhead" : kind->metric;
	metric->unit = kind->unit;
	metric->direction = kind->direction;
	metric->operations_per_sample = loop->iterations * operations_per_iteration(bench);
}

static int measure(struct loop *loop, const struct sampling_plan *plan, struct metric *metric)
{
	struct bench_state *state = loop->state;
	struct sampling *sampling = &metric->sampling;

	int error = choose_batch(loop, plan);
	if (error != 0)
		return error;
	describe_metric(metric, loop);
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

/* Processes on one CPU cannot take turns without a switch each time. On several CPUs a
 * process may find the answer before it has gone to sleep, so nothing is certain there. */
static int check_switches(struct bench_state *state)
{
	const struct counts_per_operation *counts = &state->result->counts;
	double switches = counts->voluntary_switches + counts->involuntary_switches;

	if (state->result->placement != PLACEMENT_SAME_CPU || !counts->known ||
	    switches >= state->bench->same_cpu_switches_min)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: %.3g context switches per operation, not %.3g",
			  switches, state->bench->same_cpu_switches_min);
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
	return check_switches(state);
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
	const struct bench *bench = result->bench;
	struct bench_state state;

	result->placement = options->placement;
	const char *obstacle =
		placement_obstacle(options->placement, bench->tasks, &options->allowed);
	if (obstacle != NULL) {
		result_explain(result, "%s", obstacle);
		return result_end(result, STATUS_SKIP);
	}
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that died is an error of write(), not our death */
	int error = state_open(&state, result, &options->allowed);
	if (error == 0)
		error = run_placed(&state, options);
	state_close(&state);
	if (error == 0)
		return result_end(result, STATUS_DONE);
	return result_end(result, error == BENCH_SKIP ? STATUS_SKIP : STATUS_ERROR);
}
