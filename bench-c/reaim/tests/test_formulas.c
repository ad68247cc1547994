// SPDX-License-Identifier: GPL-2.0-or-later
#include "formulas.h"
#include "progress.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.9g is not %.9g within %g", value, expected, tolerance);
}

/* Rows of the paper's tables: users, parent time, jobs per minute. Jobs per child follow from
 * the workfiles' weights. Times have two decimals, so jobs per minute are that uncertain. */
static const struct row {
	size_t jobs;
	size_t users;
	double parent_s;
	double jpm;
} rows[] = {
	{100, 10, 75.23, 797.55},  /* table 3, without math tests */
	{103, 10, 58.07, 1064.23}, /* table 3, with math tests */
	{100, 10, 39.17, 1531.78}, /* table 4, equal weight */
	{100, 10, 57.38, 1045.66}, /* table 4, disk by math 4:1 */
	{102, 5, 29.32, 1043.66},  /* table 8, all_utime */
	{102, 14, 29.27, 2927.23}, /* the same, dual */
	{102, 20, 25.04, 4888.18}, /* the same, quad */
	{101, 6, 45.57, 797.89},   /* table 10, compute */
	{99, 10, 73.64, 806.63},   /* table 11, dbase */
	{99, 24, 70.78, 2014.13},  /* table 13, five_sec */
	{101, 17, 63.68, 1617.78}, /* table 14, fserver */
	{108, 12, 81.63, 952.59},  /* table 15, long */
	{102, 6, 0.82, 44780.49},  /* table 17, short */
};

static void jobs_per_minute_of_the_paper(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_near(jobs_per_minute(rows[i].jobs, rows[i].users, rows[i].parent_s),
			    rows[i].jpm, rows[i].jpm * 0.005 / rows[i].parent_s + 0.005);
}

static void figures_of_unequal_children(void **state)
{
	const double elapsed_s[] = {8, 10, 12, 10};
	struct figures f = figures_of(100, 12, elapsed_s, 4);

	(void)state;
	assert_near(f.jpm, 2000, 1e-9);
	assert_near(f.jpm_per_child, 500, 1e-9);
	assert_near(f.jps_per_child, 100.0 / 12, 1e-9);
	assert_near(f.std_dev_s, sqrt(2), 1e-9);
	assert_near(f.std_dev_percent, 10 * sqrt(2), 1e-9);
	assert_int_equal(f.jti, 85); /* 85.857..., cut off */
	assert_near(f.child_min_s, 8, 0);
	assert_near(f.child_max_s, 12, 0);
}

static void one_child_has_index_100(void **state)
{
	const double elapsed_s[] = {3};

	(void)state;
	assert_int_equal(figures_of(100, 3, elapsed_s, 1).jti, 100);
	assert_near(figures_of(100, 3, elapsed_s, 1).std_dev_s, 0, 0);
}

/* Wrappers know a line of results by its digits, dots and blanks: there is no minus. */
static void the_index_is_never_negative(void **state)
{
	const double elapsed_s[] = {1, 1, 1, 100};

	(void)state;
	assert_int_equal(figures_of(100, 100, elapsed_s, 4).jti, 0);
}

static struct progress after_ten(double previous_s, double last_s, long users, long increment)
{
	return (struct progress){.users = users,
				 .increment = increment,
				 .passes = 10,
				 .parent_s = {last_s, previous_s}};
}

static void the_timer_keeps_still_for_nine_passes(void **state)
{
	struct progress progress = after_ten(10, 10, 20, 4);

	(void)state;
	progress.passes = 9;
	assert_int_equal(progress_increment(&progress, 1000), 4);
	progress.passes = 10;
	assert_int_equal(progress_increment(&progress, 1000), 8);
}

static void the_timer_follows_the_parent_time(void **state)
{
	struct progress steady = after_ten(10, 10, 20, 10);
	struct progress longer = after_ten(10, 12.5, 20, 10);
	struct progress much_longer = after_ten(10, 14, 20, 10);
	struct progress smallest = after_ten(10, 40, 20, 1);

	(void)state;
	assert_int_equal(progress_increment(&steady, 1000), 20);
	assert_int_equal(progress_increment(&longer, 1000), 10);     /* between 1.2 and 1.3 */
	assert_int_equal(progress_increment(&much_longer, 1000), 4); /* 10 / (2 / (10 / 12)) */
	assert_int_equal(progress_increment(&smallest, 1000), 1);    /* a fifth is below 1 */
}

static void the_timer_near_the_crossover(void **state)
{
	struct progress progress = after_ten(10, 10, 100, 10);

	(void)state;
	assert_int_equal(progress_increment(&progress, 108), 4);
	assert_int_equal(progress_increment(&progress, 101), 1);
	assert_int_equal(progress_increment(&progress, 40), 1); /* users have overtaken the rate */
	assert_int_equal(progress_increment(&progress, 111), 20);
}

static void the_maximum_is_sustained(void **state)
{
	const double flat[PEAK_PASSES] = {1000, 1001, 999, 1000, 1002};
	const double rising[PEAK_PASSES] = {1000, 1100, 1200, 1300, 1400};

	(void)state;
	assert_string_equal(progress_peak(flat), "max sustained");
	assert_null(progress_peak(rising));
}

static void the_rate_drops(void **state)
{
	const double dropping[PEAK_PASSES] = {900, 1000, 1100, 1000, 900};
	const double dip[PEAK_PASSES] = {900, 950, 1000, 1100, 1050}; /* above the mean */

	(void)state;
	assert_string_equal(progress_peak(dropping), "job rate dropping");
	assert_null(progress_peak(dip));
}

static void ends_at_the_last_users(void **state)
{
	struct progress progress = {.users = 1, .increment = 4};
	const struct course course = {.end_users = 10};

	(void)state;
	assert_null(progress_after(&progress, &course, 100, 100, 1));
	assert_int_equal(progress.users, 5);
	assert_null(progress_after(&progress, &course, 100, 20, 1));
	assert_int_equal(progress.users, 9);
	assert_non_null(progress_after(&progress, &course, 100, 11, 1));
}

static void ends_at_the_crossover(void **state)
{
	struct progress progress = {.users = 1, .increment = 1};
	const struct course course = {.threshold_jpm = CROSSOVER_JPM};

	(void)state;
	assert_null(progress_after(&progress, &course, 100, 10.001, 1));
	assert_string_equal(progress_after(&progress, &course, 100, 10, 1), "crossover reached");
}

static void needs_five_passes_for_a_maximum(void **state)
{
	struct progress progress = {.users = 1, .increment = 1};
	const struct course course = {.guess_peak = true};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_null(progress_after(&progress, &course, 100, 100, 1));
	assert_string_equal(progress_after(&progress, &course, 100, 100, 1), "max sustained");
}

static void a_job_takes_the_mean_of_both_steps(void **state)
{
	const uint64_t steps_ns[] = {28, 28, 28, 30, 30, 30};

	(void)state;
	assert_float_equal(typical_job_ns(steps_ns, 6), 29, 1e-9);
	assert_float_equal(typical_job_ns(steps_ns, 5), 28.8, 1e-9);
	assert_float_equal(typical_job_ns(steps_ns, 1), 28, 1e-9);
	assert_float_equal(typical_job_ns(steps_ns, 0), 0, 1e-9);
}

static void a_job_that_was_held_up_counts_for_nothing(void **state)
{
	const uint64_t held_up_ns[] = {10, 11, 12, 25, 60};
	const uint64_t twice_as_long_ns[] = {10, 20, 40};

	(void)state;
	assert_float_equal(typical_job_ns(held_up_ns, 5), 11, 1e-9);
	assert_float_equal(typical_job_ns(held_up_ns, 4), 11, 1e-9);
	assert_float_equal(typical_job_ns(twice_as_long_ns, 3), 70.0 / 3, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_per_minute_of_the_paper),
		cmocka_unit_test(figures_of_unequal_children),
		cmocka_unit_test(one_child_has_index_100),
		cmocka_unit_test(the_index_is_never_negative),
		cmocka_unit_test(the_timer_keeps_still_for_nine_passes),
		cmocka_unit_test(the_timer_follows_the_parent_time),
		cmocka_unit_test(the_timer_near_the_crossover),
		cmocka_unit_test(the_maximum_is_sustained),
		cmocka_unit_test(the_rate_drops),
		cmocka_unit_test(ends_at_the_last_users),
		cmocka_unit_test(ends_at_the_crossover),
		cmocka_unit_test(a_job_takes_the_mean_of_both_steps),
		cmocka_unit_test(a_job_that_was_held_up_counts_for_nothing),
		cmocka_unit_test(needs_five_passes_for_a_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
