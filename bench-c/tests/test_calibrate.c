// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "calibrate.h"

#include <math.h>

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
		assert_true(lasts_ns <= 4e6);
	}
}

/* Time on a busy machine: interruptions of 20 us to 1 ms about every 2 ms, work up to a tenth
 * slower than it could be, a clock of 26 ns steps. */
struct noisy {
	double ns_per_iteration;
	uint64_t random;
	double spent_ns;
};

static double uniform(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (double)(*random >> 11) / 9007199254740992.0;
}

static int do_noisy_work(void *context, uint64_t iterations, double *elapsed_ns)
{
	struct noisy *work = context;
	double ns = work->ns_per_iteration * (double)iterations;
	double slower = fmax(0, uniform(&work->random) - 0.5) * 0.2;

	ns *= 1 + slower;
	for (double left = ns; left > 0; left -= 2e6)
		if (uniform(&work->random) < fmin(left, 2e6) / 2e6)
			ns += 20e3 + 1e6 * pow(uniform(&work->random), 8);
	double phase = uniform(&work->random) * 26;
	*elapsed_ns = floor((ns + phase) / 26) * 26;
	work->spent_ns += ns;
	return 0;
}

static void noise_does_not_change_the_batch(void **state)
{
	const double speeds[] = {0.31, 1.7, 165, 690, 4900, 52e3, 131e3, 650e3};

	(void)state;
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		uint64_t first = 0;
		for (uint64_t seed = 1; seed <= 20; seed++) {
			struct noisy work = {.ns_per_iteration = speeds[i], .random = seed};
			const struct calibration wanted = {.wanted_ns = 1e6, .quantum_ns = 26};
			uint64_t iterations = 0;
			assert_int_equal(
				calibrate_batch(do_noisy_work, &work, &wanted, &iterations), 0);
			assert_true(work.spent_ns < 100e6);
			assert_int_equal(iterations & (iterations - 1), 0);
			first = seed == 1 ? iterations : first;
			assert_int_equal(iterations, first);
		}
	}
}

static void a_maximum_is_kept_to(void **state)
{
	const struct calibration wanted = {.wanted_ns = 1e6, .iterations_max = 100};
	struct work work = {.ns_per_iteration = 0.3};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate_batch(do_work, &work, &wanted, &iterations), 0);
	assert_int_equal(iterations, 64);
}

static void very_slow_work_is_tried_once(void **state)
{
	struct work work = {.ns_per_iteration = 5e9};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work, &work, 1e6, &iterations), 0);
	assert_int_equal(iterations, 1);
	assert_int_equal(work.tries, 1);
}

/* 100 us before the first iteration, as of work that opens something for each batch. */
static int do_work_with_a_start(void *context, uint64_t iterations, double *elapsed_ns)
{
	int error = do_work(context, iterations, elapsed_ns);

	*elapsed_ns += 1e5;
	return error;
}

static void a_fixed_cost_does_not_shorten_the_batch(void **state)
{
	struct work work = {.ns_per_iteration = 10};
	uint64_t iterations = 0;

	(void)state;
	assert_int_equal(calibrate(do_work_with_a_start, &work, 1e6, &iterations), 0);
	assert_true(10 * (double)iterations >= 0.4e6);
}

static void a_loop_takes_whole_cycles(void **state)
{
	(void)state;
	assert_true(clock_is_plausible(0.3085, 0.3083));
	assert_true(clock_is_plausible(0.615, 0.3083));
	assert_false(clock_is_plausible(0.529, 0.3083)); /* a busy sibling thread */
	assert_false(clock_is_plausible(0.15, 0.3083));
}

static void the_probe_sees_a_hole(void **state)
{
	struct fake_time time = {.cost_ns = 25};
	struct clock clock = fake_clock(&time);

	(void)state;
	assert_double_equal(clock_probe(&clock).hole_ns, 0, 0);
	time.hole_at_reading = time.readings + 4;
	time.hole_ns = 30000;
	assert_double_equal(clock_probe(&clock).hole_ns, 30000, 1);
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
	assert_double_equal(sample_length_ns(1e6, 25, 3e9, 30), 1e6, 0);   /* at least 1 ms */
	assert_double_equal(sample_length_ns(1e6, 4000, 3e9, 30), 4e6, 0); /* a slow clock */
	assert_double_equal(sample_length_ns(1e6, 0, 3e9, 30), 1e6, 0);	   /* a clock for nothing */
}

static void a_small_budget_shortens_them_to_a_hundred(void **state)
{
	(void)state;
	assert_double_equal(sample_length_ns(1e6, 25, 12e6, 30), 2e5, 0);
	assert_double_equal(sample_length_ns(1e6, 25, 1, 30), 2500, 0);
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
		cmocka_unit_test(noise_does_not_change_the_batch),
		cmocka_unit_test(a_maximum_is_kept_to),
		cmocka_unit_test(very_slow_work_is_tried_once),
		cmocka_unit_test(a_fixed_cost_does_not_shorten_the_batch),
		cmocka_unit_test(a_loop_takes_whole_cycles),
		cmocka_unit_test(the_probe_sees_a_hole),
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
