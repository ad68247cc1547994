// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "stats.h"

#include <math.h>

enum { MANY = 2000 };

static void knows_the_statistics_of_one_to_nine(void **state)
{
	double values[] = {9, 1, 8, 2, 7, 3, 6, 4, 5};
	struct stats stats = stats_of(values, 9, 0.95);

	(void)state;
	assert_double_equal(stats.min, 1, 0);
	assert_double_equal(stats.median, 5, 0);
	assert_double_equal(stats.p5, 1.4, 1e-12);
	assert_double_equal(stats.p25, 3, 1e-12);
	assert_double_equal(stats.p90, 8.2, 1e-12);
	assert_double_equal(stats.max, 9, 0);
	assert_int_equal(stats.modes.count, 1);
	assert_double_equal(stats.p99, 8.92, 1e-12);
	assert_double_equal(stats.mad, 2, 0);
	/* Tables: n = 9 takes the second and eighth value, 1 - 2 * (1 + 9) / 2^9. */
	assert_double_equal(stats.median_interval.low, 2, 0);
	assert_double_equal(stats.median_interval.high, 8, 0);
	assert_double_equal(stats.median_interval.confidence, 1 - 20.0 / 512, 1e-12);
}

static void interpolates_the_median_of_an_even_count(void **state)
{
	double values[] = {4, 1, 3, 2};

	(void)state;
	assert_double_equal(stats_of(values, 4, 0.95).median, 2.5, 0);
}

static void one_sample_has_no_confidence(void **state)
{
	double values[] = {42};
	struct stats stats = stats_of(values, 1, 0.95);

	(void)state;
	assert_double_equal(stats.min, 42, 0);
	assert_double_equal(stats.median, 42, 0);
	assert_double_equal(stats.p99, 42, 0);
	assert_double_equal(stats.mad, 0, 0);
	assert_double_equal(stats.median_interval.low, 42, 0);
	assert_double_equal(stats.median_interval.confidence, 0, 0);
}

static void two_samples_cover_half(void **state)
{
	double values[] = {3, 1};
	struct stats stats = stats_of(values, 2, 0.95);

	(void)state;
	assert_double_equal(stats.median, 2, 0);
	assert_double_equal(stats.mad, 1, 0);
	assert_double_equal(stats.median_interval.low, 1, 0);
	assert_double_equal(stats.median_interval.high, 3, 0);
	assert_double_equal(stats.median_interval.confidence, 0.5, 1e-12);
}

static void six_samples_are_the_fewest_for_95_percent(void **state)
{
	double values[] = {1, 2, 3, 4, 5, 6};

	(void)state;
	assert_true(stats_median_interval(values, 5, 0.95).confidence < 0.95);
	assert_true(stats_median_interval(values, 6, 0.95).confidence >= 0.95);
	assert_double_equal(stats_median_interval(values, 6, 0.95).high, 6, 0);
}

static void equal_samples_have_no_deviation_and_no_width(void **state)
{
	double values[] = {7, 7, 7, 7, 7, 7, 7};
	struct stats stats = stats_of(values, 7, 0.95);

	(void)state;
	assert_double_equal(stats.mad, 0, 0);
	assert_double_equal(stats_relative_half_width(&stats.median_interval, stats.median), 0, 0);
}

static void one_outlier_does_not_move_mad_or_median(void **state)
{
	double values[] = {5, 5, 5, 5, 5, 5, 1e9};
	struct stats stats = stats_of(values, 7, 0.95);

	(void)state;
	assert_double_equal(stats.median, 5, 0);
	assert_double_equal(stats.mad, 0, 0);
}

/* 2^-2000 is no double; the interval must come out right all the same. The ranks are those
 * of the binomial quantile: 956 and 1045 (qbinom(0.025, 2000, 0.5) is 956). */
static void the_interval_survives_many_samples(void **state)
{
	double values[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		values[i] = i + 1;
	struct interval interval = stats_median_interval(values, MANY, 0.95);
	assert_double_equal(interval.low, 956, 0);
	assert_double_equal(interval.high, 1045, 0);
	assert_true(interval.confidence >= 0.95 && interval.confidence < 0.955);
}

static void half_width_is_relative_to_the_median(void **state)
{
	struct interval interval = {.low = 99, .high = 103};

	(void)state;
	assert_double_equal(stats_relative_half_width(&interval, 100), 0.02, 1e-12);
}

static void sees_a_trend_and_only_a_trend(void **state)
{
	const double falling[] = {20, 18, 19, 15, 14, 12, 11, 11, 9, 8};
	const double level[] = {10, 12, 9, 11, 10, 12, 9, 11, 10, 11};
	const double equal[] = {3, 3, 3, 3, 3, 3, 3, 3};

	(void)state;
	assert_true(stats_has_trend(falling, 10));
	assert_false(stats_has_trend(level, 10));
	assert_false(stats_has_trend(equal, 8));
	assert_false(stats_has_trend(equal, 1));
}

static void knows_whether_samples_follow_their_neighbours(void **state)
{
	const double phases[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2};
	const double alternating[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
	const double equal[] = {3, 3, 3, 3};
	double reversed[] = {3, 1, 3, 1, 3, 1, 3, 1};

	(void)state;
	assert_double_equal(stats_autocorrelation(phases, 10), 0.7, 1e-12);
	assert_double_equal(stats_autocorrelation(alternating, 10), -0.9, 1e-12);
	assert_double_equal(stats_autocorrelation(equal, 4), 0, 0);
	assert_double_equal(stats_autocorrelation(phases, 1), 0, 0);
	/* before they are sorted */
	assert_true(stats_of(reversed, 8, 0.95).autocorrelation < -0.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_statistics_of_one_to_nine),
		cmocka_unit_test(interpolates_the_median_of_an_even_count),
		cmocka_unit_test(one_sample_has_no_confidence),
		cmocka_unit_test(two_samples_cover_half),
		cmocka_unit_test(six_samples_are_the_fewest_for_95_percent),
		cmocka_unit_test(equal_samples_have_no_deviation_and_no_width),
		cmocka_unit_test(one_outlier_does_not_move_mad_or_median),
		cmocka_unit_test(the_interval_survives_many_samples),
		cmocka_unit_test(half_width_is_relative_to_the_median),
		cmocka_unit_test(knows_whether_samples_follow_their_neighbours),
		cmocka_unit_test(sees_a_trend_and_only_a_trend),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
