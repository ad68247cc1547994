// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "calibrate.h"

/* Work of a known speed; every `hiccup`-th try is interrupted for a long time. */
struct work {
	double ns_per_iteration;
	unsigned hiccup;
	unsigned tries;
	int error;
};

static int do_work(void *context, uint64_t iterations, double *elapsed_ns)
{
	struct work *work = context;

	work->tries++;
	*elapsed_ns = work->ns_per_iteration * (double)iterations;
	if (work->hiccup != 0 && work->tries % work->hiccup == 1)
		*elapsed_ns += 50e6;
	return work->error;
}

static void batches_last_as_long_as_wanted_but_not_much_longer(void **state)
{
	const double speeds[] = {0.02, 0.3, 1, 160, 5000, 99e3};

	(void)state;
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		struct work work = {.ns_per_iteration = speeds[i]};
		uint64_t iterations = 0;
		assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), 0);
		double lasts_ns = speeds[i] * (double)iterations;
		assert_true(lasts_ns >= 1e6);
		assert_true(lasts_ns <= 1.2e6);
	}
}

static void slow_work_is_done_once_a_sample(void **state)
{
	struct work work = {.ns_per_iteration = 2e9};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), 0);
	assert_int_equal(iterations, 1);
}

static void an_interruption_does_not_pass_for_work(void **state)
{
	struct work work = {.ns_per_iteration = 100, .hiccup = 3};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), 0);
	assert_true(iterations >= 10000);
}

static void work_that_takes_no_time_is_reported(void **state)
{
	struct work work = {.ns_per_iteration = 0};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), CALIBRATE_TOO_FAST);
	assert_true(work.tries < 100);
}

static void an_error_of_the_work_ends_it(void **state)
{
	struct work work = {.ns_per_iteration = 1, .error = 7};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), 7);
	assert_int_equal(work.tries, 1);
}

static void samples_are_a_thousand_clock_readings_long(void **state)
{
	(void)state;
	assert_double_equal(sample_length_ns(25, 3e9, 30), 1e6, 0);   /* at least 1 ms */
	assert_double_equal(sample_length_ns(4000, 3e9, 30), 4e6, 0); /* a slow clock */
	assert_double_equal(sample_length_ns(0, 3e9, 30), 1e6, 0);    /* a clock for nothing */
}

static void a_small_budget_shortens_them_to_a_hundred(void **state)
{
	(void)state;
	assert_double_equal(sample_length_ns(25, 12e6, 30), 2e5, 0);
	assert_double_equal(sample_length_ns(25, 1, 30), 2500, 0);
}

static void measures_a_fake_clock(void **state)
{
	struct fake_time time = {.cost_ns = 25, .step_ns = 10};
	struct clock clock = {.now_ns = fake_read, .context = &time};

	(void)state;
	/* The loops take no time on it, which is an error of the clock, found after its cost. */
	assert_int_equal(clock_measure(&clock), -1);
	assert_double_equal(clock.resolution_ns, 20, 0);
	assert_double_equal(clock.cost_ns, 25, 0.1);
	assert_double_equal(clock_quantum_ns(&clock), 25, 0.1);
}

static void refuses_a_clock_that_stands(void **state)
{
	struct fake_time time = {.cost_ns = 0};
	struct clock clock = {.now_ns = fake_read, .context = &time};

	(void)state;
	assert_int_equal(clock_measure(&clock), -1);
}

static void measures_the_real_clock(void **state)
{
	struct clock clock = clock_monotonic();

	(void)state;
	assert_int_equal(clock_measure(&clock), 0);
	assert_true(clock.resolution_ns >= 1);
	assert_true(clock.cost_ns >= 0);
	assert_true(clock.loop_ns > 0);
	assert_true(clock.cycle_ns > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_last_as_long_as_wanted_but_not_much_longer),
		cmocka_unit_test(slow_work_is_done_once_a_sample),
		cmocka_unit_test(an_interruption_does_not_pass_for_work),
		cmocka_unit_test(work_that_takes_no_time_is_reported),
		cmocka_unit_test(an_error_of_the_work_ends_it),
		cmocka_unit_test(samples_are_a_thousand_clock_readings_long),
		cmocka_unit_test(a_small_budget_shortens_them_to_a_hundred),
		cmocka_unit_test(measures_a_fake_clock),
		cmocka_unit_test(refuses_a_clock_that_stands),
		cmocka_unit_test(measures_the_real_clock),
	};

	return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
