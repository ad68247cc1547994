// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include "batch.h"
#include "calibrate.h"
#include "crew.h"
#include "headline.h"
#include "isolation.h"
#include "proof.h"
#include "registry.h"
#include "rounds.h"
#include "scratch.h"
#include "watch.h"

#include <math.h>
#include <signal.h>
#include <string.h>

/* The core's frequency may rise by this much after the cycle was measured. */
static const double cycle_tolerance = 0.9;
/* A sample lasts a millisecond where all of them count. Where the undisturbed do, shorter ones have
 * a better chance of being that, but need a look at more than one moment of a machine whose speed
 * changes for a tenth of a second or for some. */
static const double least_of_median_ns = 1e6;
static const double least_of_best_ns = 100e3;
static const double warmup_charge = 0.2;	  /* of the budget, at most */
static const double share_for_best = 0.5;	  /* of the budget, at least, however exact */
static const double counted_batch_max_ns = 200e6; /* longer ones are not done again to be counted */
static const double search_share = 0.04;	  /* of the budget, for finding the batch */
static const double overhead_share = 0.3;	  /* of the budget, for benchmarks that have one */

/* Of undisturbed samples in a round, if its budget has room for them. */
enum { UNDISTURBED_ENOUGH = 50 };

/* One of a benchmark's two loops, and what becomes of its time. */
struct loop {
	struct bench_state *state;
	struct crew *crew; /* of copies, or NULL */
	const struct clock *clock;
	run_fn *run;
	uint64_t iterations;
	double subtract_ns; /* per operation, besides clock and loop */
	bool is_overhead;
	double loop_ns;		      /* subtracted from each iteration */
	double batch_ns;	      /* of the latest sample */
	struct sample_reader *reader; /* or NULL */
	struct watch *watch;
	struct sampling *sampling; /* of this round */
	size_t first_sample;	   /* of this round among all */
	struct seen *seen;
};

static int run_batch(const struct loop *loop, struct batch *batch)
{
	return loop->crew != NULL ? crew_run(loop->crew, batch) : batch_run(loop->state, batch);
}

static int time_batch(void *context, uint64_t iterations, double *elapsed_ns)
{
	const struct loop *loop = context;
	struct batch batch = {.clock = loop->clock, .run = loop->run, .iterations = iterations};

	int error = run_batch(loop, &batch);
	*elapsed_ns = batch.shortest_ns;
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
	if (*net_ns < cycle_tolerance * clock->cycle_ns / per_iteration && !bench->may_be_zero)
		return bench_fail(loop->state,
				  "%.3g ns per operation is below one core cycle (%.3g "
				  "ns): the work was optimised away",
				  *net_ns, clock->cycle_ns);
	*net_ns -= clock->cost_ns / operations + loop->loop_ns / per_iteration;
	*net_ns -= loop->subtract_ns;
	return BENCH_OK;
}

/* Behind the timed part. A loop that is clearly faster or slower now than when it was measured
 * costs the sample what it costs now. */
static void note_noise(struct loop *loop, double elapsed_ns)
{
	static const double clearly = 0.05;
	struct sampling *sampling = loop->sampling;
	double measured_ns = loop->clock->loop_ns;

	loop->batch_ns = elapsed_ns;
	sampling->flags[sampling->count] = watch_sample(loop->watch, elapsed_ns, loop->seen);
	double now_ns = noise_watch_loop_ns(&loop->watch->noise);
	bool differs = fabs(now_ns - measured_ns) > clearly * measured_ns;
	loop->loop_ns = now_ns > 0 && differs ? now_ns : measured_ns;
}

static int sample_figure(void *context, double *figure)
{
	struct loop *loop = context;
	struct bench_state *state = loop->state;
	const struct bench *bench = state->bench;
	const struct batch_hooks hooks = {
		.begin = sample_reader_begin, .end = sample_reader_end, .context = loop->reader};
	struct batch batch = {.clock = loop->clock,
			      .run = loop->run,
			      .iterations = loop->iterations,
			      .hooks = loop->reader == NULL ? NULL : &hooks};
	double net_ns = 0;

	int error = run_batch(loop, &batch);
	if (error != 0)
		return error;
	if (loop->reader != NULL)
		sample_counts_put(&state->result->sample_counts, loop->reader,
				  loop->first_sample + loop->sampling->count);
	note_noise(loop, (double)(batch.end_ns - batch.begin_ns));
	if (batch.took_ns >= 0)
		net_ns = batch.took_ns /
			 ((double)loop->iterations * (double)state->operations_per_iteration);
	else
		error = net_of(loop, (double)(batch.end_ns - batch.begin_ns), &net_ns);
	if (error != 0)
		return error;
	*figure = loop->is_overhead ? net_ns
				    : figure_of(bench->figure, net_ns, state->bytes_per_operation);
	if (bench->figure != BENCH_LATENCY && !loop->is_overhead)
		*figure *= state->result->spec.copies; /* what all copies get through together */
	/* A later round may find a lesser overhead: whether anything is left is seen at the end. */
	bool is_difference = bench->overhead != NULL && !loop->is_overhead;
	bool is_left = *figure > 0 || bench->may_be_zero || is_difference;
	if (isfinite(*figure) && is_left)
		return BENCH_OK;
	return bench_fail(state, "no figure left: %.3g ns per operation after overhead", net_ns);
}

/* What is subtracted is an undisturbed overhead, whatever is quoted of the figure. */
static bool counts_the_best(const struct loop *loop)
{
	return loop->is_overhead || headline_is_undisturbed(loop->state->result);
}

/* So long that the room for samples holds as much time as is sampled in any case. */
static double least_sample_ns(const struct loop *loop, const struct sampling_plan *plan)
{
	double spread_ns = share_for_best * plan->budget_ns / (double)plan->samples_max;

	if (!counts_the_best(loop))
		return least_of_median_ns;
	return fmin(fmax(spread_ns, least_of_best_ns), least_of_median_ns);
}

static int choose_batch(struct loop *loop, const struct sampling_plan *plan)
{
	const struct calibration calibration = {
		.wanted_ns =
			sample_length_ns(least_sample_ns(loop, plan), clock_quantum_ns(loop->clock),
					 plan->budget_ns, plan->samples_min),
		.quantum_ns = clock_quantum_ns(loop->clock),
		.limit_ns = search_share * plan->budget_ns,
		.iterations_max = loop->state->bench->iterations_max,
		.clock = loop->clock,
	};
	int error = calibrate_batch(time_batch, loop, &calibration, &loop->iterations);

	if (loop->iterations < loop->state->bench->iterations_min)
		loop->iterations = loop->state->bench->iterations_min;
	if (error == CALIBRATE_TOO_FAST)
		return bench_fail(loop->state, "no number of iterations takes any time: the work "
					       "was optimised away");
	return error;
}

static int warm_up_and_collect(struct loop *loop, const struct sampling_plan *plan,
			       struct sampling *sampling)
{
	struct bench_state *state = loop->state;
	struct seen while_warming_up = {0};
	struct seen *seen = loop->seen;

	struct sampling_plan rest = *plan;
	uint64_t begin_ns = clock_now(loop->clock);

	rest.higher_is_better = state->bench->figure != BENCH_LATENCY && !loop->is_overhead;
	if (counts_the_best(loop)) {
		rest.least_ns = share_for_best * plan->budget_ns;
		rest.undisturbed_min = UNDISTURBED_ENOUGH;
	}
	loop->sampling = sampling;
	loop->seen = &while_warming_up;
	int error = sampler_warm_up(sample_figure, loop, loop->clock, &rest, sampling);
	double spent_ns = (double)(clock_now(loop->clock) - begin_ns);
	rest.budget_ns -= fmin(spent_ns, warmup_charge * plan->budget_ns); /* a stall may last */
	loop->seen = seen;
	if (error != 0)
		return error;
	uint64_t operations_before = state->operations;
	struct counts before = counts_now(state->children, state->child_count);
	watch_begin(loop->watch);
	error = sampler_collect(sample_figure, loop, loop->clock, &rest, sampling);
	if (error != 0)
		return error;
	struct counts after = counts_now(state->children, state->child_count);
	if (!loop->is_overhead)
		state->result->counts =
			counts_between(&before, &after, state->operations - operations_before);
	return BENCH_OK;
}

/* `plan` is of this round, options' of all. */
static int measure(struct loop *loop, const struct sampling_plan *plan, struct metric *metric)
{
	struct bench_state *state = loop->state;
	struct sampling sampling = rounds_room(metric);
	bool first = metric->iterations == 0;
	uint64_t begin_ns = clock_now(loop->clock);
	int error = BENCH_OK;

	if (first)
		error = choose_batch(loop, plan);
	else
		loop->iterations = metric->iterations;
	if (error != 0)
		return error;
	metric->is_overhead = loop->is_overhead;
	metric->iterations = loop->iterations;
	metric->operations_per_sample = loop->iterations * state->operations_per_iteration;
	struct watch watch;
	struct sample_reader reader = {.scope = SCOPE_NOTHING};
	struct seen ignored = {0};
	bool is_counted = !loop->is_overhead && loop->crew == NULL;
	loop->watch = &watch;
	loop->reader = is_counted ? &reader : NULL;
	loop->first_sample = metric->sampling.count;
	loop->seen = loop->is_overhead ? &ignored : &state->result->seen;
	watch_open(&watch, state, loop->clock);
	if (is_counted)
		sample_reader_open(&reader, state);
	watch_begin(&watch);
	error = warm_up_and_collect(loop, plan, &sampling);
	if (is_counted)
		sample_reader_close(&reader);
	watch_close(&watch);
	state->result->sampling_s += 1e-9 * (double)(clock_now(loop->clock) - begin_ns);
	if (error != 0)
		return error;
	metric->watched = watch.noise.watched;
	rounds_add(metric, &sampling, first);
	rounds_summarise(metric, &state->result->options.plan);
	return BENCH_OK;
}

static int measure_all(struct bench_state *state, struct crew *crew)
{
	const struct bench *bench = state->bench;
	struct result *result = state->result;
	struct loop loop = {
		.state = state, .crew = crew, .clock = &result->options.clock, .run = bench->run};
	struct sampling_plan plan = rounds_plan(result, &result->metrics[0]);

	if (bench->overhead != NULL) {
		struct loop without = loop;
		struct metric *overhead = &result->metrics[1];
		struct sampling_plan its_plan = rounds_plan(result, overhead);

		without.run = bench->overhead;
		without.is_overhead = true;
		its_plan.budget_ns *= overhead_share;
		int error = measure(&without, &its_plan, overhead);
		if (error != 0)
			return error;
		loop.subtract_ns = headline_of(result, overhead).value;
		plan.budget_ns -= its_plan.budget_ns;
	}
	result->rounds[result->round_count].overhead_ns = loop.subtract_ns;
	int error = measure(&loop, &plan, &result->metrics[0]);
	if (error != 0)
		return error;
	result->metric_count = bench->overhead == NULL ? 1 : 2;
	result->operations_per_iteration = state->operations_per_iteration;
	result->bytes_per_operation = state->bytes_per_operation;
	error = proof_of_placement(state);
	if (error == 0)
		error = proof_of_counts(state);
	if (error == 0 && crew == NULL && result->round_count == 0 &&
	    loop.batch_ns < counted_batch_max_ns)
		error = counting_run(state, loop.clock, loop.iterations, &result->counting);
	return error;
}

static void note_layout(const struct bench_state *state)
{
	struct result *result = state->result;
	struct round *round = &result->rounds[result->round_count];

	round->first_sample = result->metrics[0].sampling.count;
	round->stack_address = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	round->data_address = (uint64_t)(uintptr_t)state->data;
}

/* Children are reaped on every way out; a measurement that was fine until a child failed at
 * its end is an error too. */
static int run_placed(struct bench_state *state)
{
	const struct bench *bench = state->bench;
	struct crew *crew = NULL;
	bool copied = state->result->spec.copies > 1;
	int error = BENCH_OK;

	note_layout(state);
	if (copied)
		error = crew_start(&crew, state, &state->result->options.clock);
	else
		error = state_place(state, 0);
	(void)clock_refresh(&state->result->options.clock);
	if (error == 0 && !copied && bench->setup != NULL)
		error = bench->setup(state);
	if (error == 0)
		error = measure_all(state, crew);
	crew_stop(crew);
	if (!copied && bench->teardown != NULL)
		bench->teardown(state);
	int reap_error = state_reap(state, error != 0 && !copied);
	crew_free(crew);
	return error != 0 ? error : reap_error;
}

static int run_round(struct result *result, const struct topology *topology)
{
	struct bench_state state;

	(void)signal(SIGPIPE, SIG_IGN); /* a peer that died is an error of write(), not our death */
	int error = state_open(&state, result, &result->options.allowed, topology);
	if (error == 0)
		error = isolation_apply(&state, &result->options.isolation);
	if (error == 0)
		error = run_placed(&state);
	state_close(&state);
	scratch_remove(result);
	return error;
}

int session_run(struct result *result, const struct options *options)
{
	struct topology topology;

	if (result->round_count == ROUNDS_MAX) {
		result_explain(result, "more than %d rounds", ROUNDS_MAX);
		return result_end(result, STATUS_ERROR);
	}
	result->options = *options;
	topology_read(&topology, &options->allowed);
	const char *obstacle = placement_obstacle(result->spec.placement, spec_tasks(&result->spec),
						  &options->allowed, &topology);
	if (obstacle != NULL) {
		result_explain(result, "%s", obstacle);
		return result_end(result, STATUS_SKIP);
	}
	int error = run_round(result, &topology);
	result->round_count++;
	if (error != 0)
		return result_end(result, error == BENCH_SKIP ? STATUS_SKIP : STATUS_ERROR);
	if (result->round_count < options->rounds)
		return result_end(result, STATUS_DONE);
	return rounds_conclude(result);
}
