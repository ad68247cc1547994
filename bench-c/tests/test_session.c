// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of the time of a benchmark, and of a benchmark that is wrong. */
#include "fake_bench.h"

enum { OVERHEAD_NS = 300 };

static unsigned overhead_runs;

static int run_overhead(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	fake.now_ns += OVERHEAD_NS * (double)iterations;
	work_done += iterations;
	return BENCH_OK;
}

static void reports_the_time_per_operation(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();
	struct result *result = run_with(&bench, &options);

	(void)state;
	assert_int_equal(result->status, STATUS_DONE);
	assert_int_equal(result->metric_count, 1);
	assert_string_equal(result_kind(result, &result->metrics[0])->metric, "latency");
	assert_double_equal(result->metrics[0].stats.median, RUN_NS, 0);
	assert_double_equal(result->metrics[0].stats.mad, 0, 0);
	assert_true(result->metrics[0].sampling.converged);
	assert_true(result->counts.known);
	result_free(result);
}

static void subtracts_clock_and_loop(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	fake.cost_ns = 50;
	options.clock.cost_ns = 50;
	options.clock.loop_ns = 2;
	struct result *result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, RUN_NS - 2, 1e-6);
	result_free(result);
}

static void a_raw_benchmark_keeps_them(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.raw = true;
	options.clock.loop_ns = 2;
	struct result *result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, RUN_NS, 0);
	result_free(result);
}

static void subtracts_and_reports_the_overhead(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.overhead = run_overhead;
	struct result *result = run_with(&bench, &options);
	assert_int_equal(result->metric_count, 2);
	assert_double_equal(result->metrics[0].stats.median, RUN_NS - OVERHEAD_NS, 1e-9);
	assert_string_equal(result_kind(result, &result->metrics[1])->metric, "overhead");
	assert_double_equal(result->metrics[1].stats.median, OVERHEAD_NS, 1e-9);
	result_free(result);
}

static int run_disturbed_overhead(struct bench_state *state, uint64_t iterations)
{
	if (++overhead_runs % 2 == 0)
		fake.now_ns += 10 * RUN_NS * (double)iterations;
	return run_overhead(state, iterations);
}

static void a_disturbed_overhead_does_not_shift_the_figure(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	overhead_runs = 0;
	bench.overhead = run_disturbed_overhead;
	struct result *result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, RUN_NS - OVERHEAD_NS, 1e-9);
	result_free(result);
}

static double bad_moment_ns;

static int run_overhead_at_its_moment(struct bench_state *state, uint64_t iterations)
{
	fake.now_ns += bad_moment_ns * (double)iterations;
	return run_overhead(state, iterations);
}

static void the_least_overhead_of_all_rounds_is_subtracted(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.overhead = run_overhead_at_its_moment;
	options.rounds = 2;
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);
	assert_non_null(result);
	const struct stats *stats = &result->metrics[0].stats;
	bad_moment_ns = RUN_NS; /* for now nothing is left */
	assert_int_equal(session_run(result, &options), STATUS_DONE);
	assert_double_equal(stats->median, -OVERHEAD_NS, 1e-9);
	bad_moment_ns = 0;
	work_done = 0; /* another process */
	assert_int_equal(session_run(result, &options), STATUS_DONE);
	assert_double_equal(stats->min, RUN_NS - OVERHEAD_NS, 1e-9);
	assert_double_equal(stats->max, RUN_NS - OVERHEAD_NS, 1e-9);
	assert_double_equal(result->rounds[0].overhead_ns, OVERHEAD_NS, 1e-9);
	result_free(result);
}

static void overhead_beyond_the_whole_is_an_error(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	bench.run = run_overhead;
	bench.overhead = run_well;
	assert_error_about(&bench, "no figure left");
}

/* Its best is hardly ever seen. */
static int run_scattered_overhead(struct bench_state *state, uint64_t iterations)
{
	fake.now_ns += 100.0 * (++overhead_runs % 97) * (double)iterations;
	return run_overhead(state, iterations);
}

static int run_little_more(struct bench_state *state, uint64_t iterations)
{
	fake.now_ns += 50 * (double)iterations;
	return run_overhead(state, iterations);
}

static void a_difference_within_the_noise_is_an_error(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	overhead_runs = 0;
	bench.run = run_little_more;
	bench.overhead = run_scattered_overhead;
	assert_error_about(&bench, "left");
}

static int run_for_long(struct bench_state *state, uint64_t iterations)
{
	fake.now_ns += 1e8 * (double)iterations;
	return run_overhead(state, iterations);
}

static int run_wavering_overhead(struct bench_state *state, uint64_t iterations)
{
	fake.now_ns += (++overhead_runs % 97) * (double)iterations;
	return run_overhead(state, iterations);
}

/* Then the rounds of one leave few samples over for the later ones, those of the other many. */
static void an_overhead_of_many_samples_keeps_to_its_room(void **state)
{
	enum { ROUNDS = 4 };
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.run = run_for_long;
	bench.overhead = run_wavering_overhead;
	options.rounds = ROUNDS;
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);
	assert_non_null(result);
	for (unsigned round = 0; round < ROUNDS; round++) {
		work_done = 0; /* another process */
		assert_int_equal(session_run(result, &options), STATUS_DONE);
	}
	assert_true(result->metrics[0].sampling.count < SAMPLES_MAX / 2);
	assert_int_equal(result->metrics[1].sampling.count, SAMPLES_MAX);
	result_free(result);
}

static uint64_t twice_the_work(struct bench_state *state)
{
	(void)state;
	return 2 * work_done;
}

static void divides_by_the_operations_of_an_iteration(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.operations_per_iteration = 2;
	bench.work = twice_the_work;
	struct result *result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, RUN_NS / 2.0, 0);
	result_free(result);
}

static void makes_bandwidths_and_rates(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.figure = BENCH_BANDWIDTH;
	bench.bytes_per_operation = 4096;
	struct result *result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, 4.096e9, 1);
	assert_string_equal(result_kind(result, &result->metrics[0])->direction, "higher");
	result_free(result);

	bench.figure = BENCH_RATE;
	options = fake_options();
	result = run_with(&bench, &options);
	assert_double_equal(result->metrics[0].stats.median, 1e6, 1e-3);
	assert_string_equal(result_kind(result, &result->metrics[0])->unit, "op/s");
	result_free(result);
}

static int fail_later(struct bench_state *state, uint64_t iterations)
{
	if (fake.now_ns > 20e6)
		return bench_fail(state, "the disk is on fire");
	return run_well(state, iterations);
}

static void an_error_amid_the_samples_leaves_no_number(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	bench.run = fail_later;
	assert_error_about(&bench, "the disk is on fire");
}

static int fail_silently(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	return 3;
}

static void an_error_without_a_reason_names_its_code(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	bench.run = fail_silently;
	assert_error_about(&bench, "code 3");
}

static uint64_t one_too_few(struct bench_state *state)
{
	(void)state;
	return work_done - 1;
}

static void a_failed_work_proof_is_an_error(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	bench.work = one_too_few;
	assert_error_about(&bench, "work proof failed");
}

static int run_for_nothing(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	work_done += iterations;
	fake.now_ns += 0.05 * (double)iterations;
	return BENCH_OK;
}

static int run_in_no_time(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	work_done += iterations;
	return BENCH_OK;
}

static void less_than_a_cycle_is_an_error(void **state)
{
	struct bench bench = well_behaved();

	(void)state;
	bench.run = run_for_nothing;
	assert_error_about(&bench, "below one core cycle");
	bench.run = run_in_no_time;
	assert_error_about(&bench, "optimised away");
}

static int skip_it(struct bench_state *state)
{
	return bench_skip(state, "no such device");
}

static void setup_may_skip(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.setup = skip_it;
	struct result *result = run_with(&bench, &options);
	assert_int_equal(result->status, STATUS_SKIP);
	assert_string_equal(result->reason, "no such device");
	result_free(result);
}

static void switches_that_did_not_happen_are_an_error(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.expectations[0] =
		(struct bench_expectation){BENCH_SWITCHES, 1, 0, .only_same_cpu = true};
	struct result *result = run_placed_with(&bench, &options, PLACEMENT_SAME_CPU);
	assert_int_equal(result->status, STATUS_ERROR);
	assert_non_null(strstr(result->reason, "context switches"));
	result_free(result);
	(void)sched_setaffinity(0, sizeof(options.allowed), &options.allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_the_time_per_operation),
		cmocka_unit_test(subtracts_clock_and_loop),
		cmocka_unit_test(a_raw_benchmark_keeps_them),
		cmocka_unit_test(subtracts_and_reports_the_overhead),
		cmocka_unit_test(a_disturbed_overhead_does_not_shift_the_figure),
		cmocka_unit_test(the_least_overhead_of_all_rounds_is_subtracted),
		cmocka_unit_test(overhead_beyond_the_whole_is_an_error),
		cmocka_unit_test(a_difference_within_the_noise_is_an_error),
		cmocka_unit_test(an_overhead_of_many_samples_keeps_to_its_room),
		cmocka_unit_test(divides_by_the_operations_of_an_iteration),
		cmocka_unit_test(makes_bandwidths_and_rates),
		cmocka_unit_test(an_error_amid_the_samples_leaves_no_number),
		cmocka_unit_test(an_error_without_a_reason_names_its_code),
		cmocka_unit_test(a_failed_work_proof_is_an_error),
		cmocka_unit_test(less_than_a_cycle_is_an_error),
		cmocka_unit_test(setup_may_skip),
		cmocka_unit_test(switches_that_did_not_happen_are_an_error),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
