// SPDX-License-Identifier: GPL-2.0-or-later
/* How the time of a suite is shared, and how many rounds it is enough for. */
#include "fake_bench.h"

#include "budget.h"

enum { BENCHMARKS = 50, ROUNDS = 4 };

/* What share a virtual suite of a minute gets through, when each start takes `start_s` and each
 * benchmark all the time it is given; 0: one had no turn. */
struct outcome {
	double took_s;
	unsigned rounds_least;
	unsigned rounds_most;
	double sampled_least_s;
};

static struct outcome run_virtually(double start_s)
{
	static const struct budget minute = {.limit_s = 60, .most_s = 5};
	struct progress progress = {.total = (size_t)BENCHMARKS * ROUNDS};
	unsigned had[BENCHMARKS] = {0};
	double sampled_s[BENCHMARKS] = {0};
	struct outcome outcome = {.rounds_least = ROUNDS, .sampled_least_s = minute.limit_s};

	for (; progress.done < progress.total; progress.done++) {
		size_t i = progress.done % BENCHMARKS;
		struct options options = {.rounds = ROUNDS};
		if (!budget_share(&minute, &progress, had[i], &options))
			continue;
		assert_in_range(options.rounds, had[i] + 1, ROUNDS);
		assert_true(options.limit_s > 0);
		double one_s = 1e-9 * options.plan.budget_ns / options.rounds;
		had[i]++;
		sampled_s[i] += one_s;
		progress.elapsed_s += start_s + one_s;
		progress.started_s += start_s;
		progress.started++;
	}
	outcome.took_s = progress.elapsed_s;
	for (size_t i = 0; i < BENCHMARKS; i++) {
		outcome.rounds_least =
			had[i] < outcome.rounds_least ? had[i] : outcome.rounds_least;
		outcome.rounds_most = had[i] > outcome.rounds_most ? had[i] : outcome.rounds_most;
		if (sampled_s[i] < outcome.sampled_least_s)
			outcome.sampled_least_s = sampled_s[i];
	}
	return outcome;
}

static void quick_starts_leave_time_for_all_rounds(void **state)
{
	struct outcome outcome = run_virtually(0.03);

	(void)state;
	assert_int_equal(outcome.rounds_least, ROUNDS);
	assert_true(outcome.took_s <= 60);
	assert_true(outcome.sampled_least_s > 0.5);
}

static void slow_starts_leave_rounds_out(void **state)
{
	struct outcome outcome = run_virtually(0.25);

	(void)state;
	assert_in_range(outcome.rounds_least, 2, ROUNDS - 1);
	assert_true(outcome.took_s <= 60);
	assert_true(outcome.sampled_least_s > 0.1);
}

static void the_slowest_starts_leave_one_round_for_each(void **state)
{
	struct outcome outcome = run_virtually(0.9);

	(void)state;
	assert_int_equal(outcome.rounds_least, 1);
	assert_true(outcome.took_s <= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quick_starts_leave_time_for_all_rounds),
		cmocka_unit_test(slow_starts_leave_rounds_out),
		cmocka_unit_test(the_slowest_starts_leave_one_round_for_each),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
