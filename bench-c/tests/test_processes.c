// SPDX-License-Identifier: GPL-2.0-or-later
/* Children that misbehave, benchmarks that hang or crash, and where processes are placed. */
#include "fake_bench.h"

#include <signal.h>
#include <unistd.h>

/* Benchmarks with a real child, which misbehaves. */

static int echo(struct bench_state *state)
{
	struct bench_link *link = bench_data(state);

	bench_link_keep_child(link);
	return bench_token_echo(state, link);
}

static int echo_and_complain(struct bench_state *state)
{
	return echo(state) + 9;
}

static int die_after_the_first(struct bench_state *state)
{
	struct bench_link *link = bench_data(state);
	char token;

	bench_link_keep_child(link);
	if (read(link->to_child[0], &token, 1) == 1)
		(void)raise(SIGKILL);
	return BENCH_OK;
}

static int sleep_for_ever(struct bench_state *state)
{
	(void)state;
	for (;;)
		(void)pause();
	return BENCH_OK;
}

static int start(struct bench_state *state, int (*body)(struct bench_state *state))
{
	int error = bench_link_open(state, bench_data(state));

	if (error == 0)
		error = bench_spawn(state, body);
	if (error == 0)
		bench_link_keep_parent(bench_data(state));
	return error;
}

static int start_echo(struct bench_state *state)
{
	return start(state, echo);
}

static int start_complainer(struct bench_state *state)
{
	return start(state, echo_and_complain);
}

static int start_mortal(struct bench_state *state)
{
	return start(state, die_after_the_first);
}

/* The parent keeps the child's ends open too: no end of file will tell it. */
static int start_mortal_unseen(struct bench_state *state)
{
	int error = bench_link_open(state, bench_data(state));

	return error == 0 ? bench_spawn(state, die_after_the_first) : error;
}

static int start_sleeper(struct bench_state *state)
{
	return start(state, sleep_for_ever);
}

static int pass_token(struct bench_state *state, uint64_t iterations)
{
	const struct bench_link *link = bench_data(state);
	int error = 0;

	fake.now_ns += 100e3 * (double)iterations;
	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_token_pass(state, link->to_child[1], link->to_parent[0]);
	return error;
}

static uint64_t echoed(struct bench_state *state)
{
	const struct bench_link *link = bench_data(state);

	return *link->echoed;
}

static void close_link(struct bench_state *state)
{
	bench_link_close(bench_data(state));
}

static struct bench with_child(int (*setup)(struct bench_state *state))
{
	struct bench bench = well_behaved();

	bench.data_size = sizeof(struct bench_link);
	bench.setup = setup;
	bench.run = pass_token;
	bench.work = echoed;
	bench.teardown = close_link;
	return bench;
}

static void a_child_is_counted_and_reaped(void **state)
{
	struct bench bench = with_child(start_echo);
	struct options options = fake_options();
	struct result *result = run_with(&bench, &options);

	(void)state;
	assert_int_equal(result->status, STATUS_DONE);
	assert_true(result->counts.known);
	result_free(result);
}

static void a_child_that_dies_is_an_error_not_a_hang(void **state)
{
	struct bench bench = with_child(start_mortal);

	(void)state;
	assert_error_about(&bench, "ended early");
}

static void a_child_that_dies_interrupts_its_parent(void **state)
{
	struct bench bench = with_child(start_mortal_unseen);

	(void)state;
	assert_error_about(&bench, "was killed by signal 9)");
}

static void a_bad_exit_status_is_an_error(void **state)
{
	struct bench bench = with_child(start_complainer);

	(void)state;
	assert_error_about(&bench, "exited with status 9");
}

static void a_child_that_stays_is_killed(void **state)
{
	struct bench bench = with_child(start_sleeper);

	(void)state;
	bench.run = run_well;
	bench.work = right_work;
	assert_error_about(&bench, "did not end");
}

/* In a process of their own. */

static int hang(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	return sleep_for_ever(state);
}

static int crash(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	(void)raise(SIGKILL);
	return BENCH_OK;
}

static int leave(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	_exit(0);
}

static void assert_isolated_error(int (*run)(struct bench_state *, uint64_t), const char *words)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);

	assert_non_null(result);
	bench.run = run;
	options.plan.budget_ns = 1e6;
	assert_int_equal(session_run_isolated(result, &options), STATUS_ERROR);
	assert_int_equal(result->metric_count, 0);
	if (strstr(result->reason, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", result->reason, words);
	result_free(result);
}

static void a_hang_times_out(void **state)
{
	(void)state;
	assert_isolated_error(hang, "timed out after 1 s");
}

static void a_crash_is_an_error(void **state)
{
	(void)state;
	assert_isolated_error(crash, "killed by signal 9");
}

static void an_early_exit_is_an_error(void **state)
{
	(void)state;
	assert_isolated_error(leave, "without a result");
}

static void results_come_back_from_the_other_process(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);

	(void)state;
	assert_non_null(result);
	assert_int_equal(session_run_isolated(result, &options), STATUS_DONE);
	assert_int_equal(result->metric_count, 1);
	assert_double_equal(result->metrics[0].sampling.samples[0], RUN_NS, 0);
	result_free(result);
}

/* Placement. */

static void cross_cpu_skips_where_it_cannot_be(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();

	(void)state;
	bench.tasks = 2;
	CPU_ZERO(&options.allowed);
	CPU_SET(3, &options.allowed);
	struct result *result = run_placed_with(&bench, &options, PLACEMENT_CROSS_CPU);
	assert_int_equal(result->status, STATUS_SKIP);
	assert_non_null(strstr(result->reason, "needs a CPU for each task"));
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_counted_and_reaped),
		cmocka_unit_test(a_child_that_dies_is_an_error_not_a_hang),
		cmocka_unit_test(a_child_that_dies_interrupts_its_parent),
		cmocka_unit_test(a_bad_exit_status_is_an_error),
		cmocka_unit_test(a_child_that_stays_is_killed),
		cmocka_unit_test(a_hang_times_out),
		cmocka_unit_test(a_crash_is_an_error),
		cmocka_unit_test(an_early_exit_is_an_error),
		cmocka_unit_test(results_come_back_from_the_other_process),
		cmocka_unit_test(cross_cpu_skips_where_it_cannot_be),
	};

	return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
