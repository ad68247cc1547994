// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "sampler.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 1000, SAMPLE_NS = 1000000 };

/* A series made up by a function of its index; each sample moves the fake time by 1 ms. */
struct series {
	struct fake_time time;
	struct clock clock;
	struct sampling_plan plan;
	struct sampling sampling;
	double (*value)(size_t index);
	size_t taken;
	size_t fails_at;
	double samples[SAMPLES_MAX];
	double scratch[SAMPLES_MAX];
	uint8_t flags[SAMPLES_MAX];
};

static struct series *new_series(double (*value)(size_t index))
{
	struct series *series = calloc(1, sizeof(*series));

	assert_non_null(series);
	series->clock = fake_clock(&series->time);
	series->plan = (struct sampling_plan){.target_relative = 0.005,
					      .confidence = 0.95,
					      .samples_min = 30,
					      .samples_max = SAMPLES_MAX,
					      .budget_ns = 10e9};
	series->sampling.samples = series->samples;
	series->sampling.scratch = series->scratch;
	series->sampling.flags = series->flags;
	series->value = value;
	series->fails_at = SIZE_MAX;
	return series;
}

static int take(void *context, double *figure)
{
	struct series *series = context;

	if (series->taken == series->fails_at)
		return 1;
	series->time.now_ns += SAMPLE_NS;
	*figure = series->value(series->taken++);
	return 0;
}

static int collect(struct series *series)
{
	return sampler_collect(take, series, &series->clock, &series->plan, &series->sampling);
}

static int warm_up(struct series *series)
{
	return sampler_warm_up(take, series, &series->clock, &series->plan, &series->sampling);
}

static double constant(size_t index)
{
	(void)index;
	return 100;
}

/* A small jitter without a trend: a linear congruential generator, the same each time. */
static double jitter(size_t index)
{
	return 100 + (double)((index * 7919 + 13) % 101) / 101.0;
}

/* Two far modes: no interval of the median gets narrow. */
static double two_modes(size_t index)
{
	return (index * 7919 + 13) % 101 < 50 ? 50 : 100;
}

static double falls_for_64_samples(size_t index)
{
	return index < 64 ? 1000 - 10 * (double)index : jitter(index);
}

static double falls_for_ever(size_t index)
{
	return 1e6 - 1000 * (double)index;
}

/* More and more samples are disturbed, the work stays the same. */
static double disturbed_ever_more(size_t index)
{
	bool disturbed = index % 3 != 0 && index > 16;

	return jitter(index) * (disturbed ? 1 + (double)index / 20 : 1);
}

static double falls_among_disturbed_ones(size_t index)
{
	return (1000 - 5 * (double)(index < 100 ? index : 100)) * (index % 3 == 1 ? 4 : 1);
}

static double drifts_a_little(size_t index)
{
	return 1e6 - (double)index;
}

static double rises_among_disturbed_ones(size_t index)
{
	return 1e6 / falls_among_disturbed_ones(index);
}

static void equal_samples_converge_at_the_minimum(void **state)
{
	struct series *series = new_series(constant);

	(void)state;
	assert_int_equal(collect(series), 0);
	assert_true(series->sampling.converged);
	assert_int_equal(series->sampling.count, 30);
	free(series);
}

static void quiet_samples_converge_and_are_all_kept(void **state)
{
	struct series *series = new_series(jitter);

	(void)state;
	assert_int_equal(collect(series), 0);
	assert_true(series->sampling.converged);
	assert_true(series->sampling.count < SAMPLES_MAX);
	for (size_t i = 0; i < series->sampling.count; i++)
		assert_double_equal(series->samples[i], jitter(i), 0);
	free(series);
}

static void exact_samples_are_taken_for_the_least_time(void **state)
{
	struct series *series = new_series(constant);

	(void)state;
	series->plan.least_ns = 500.0 * SAMPLE_NS;
	assert_int_equal(collect(series), 0);
	assert_true(series->sampling.converged);
	assert_int_equal(series->sampling.count, 500);
	free(series);
}

static void exact_samples_are_taken_until_enough_are_undisturbed(void **state)
{
	enum { DISTURBED = 200, WANTED = 50 };
	struct series *series = new_series(constant);

	(void)state;
	series->plan.undisturbed_min = WANTED;
	memset(series->flags, 1, DISTURBED);
	assert_int_equal(collect(series), 0);
	assert_int_equal(series->sampling.count, DISTURBED + WANTED);
	series->plan.budget_ns = 100.0 * SAMPLE_NS; /* is over before */
	assert_int_equal(collect(series), 0);
	assert_int_equal(series->sampling.count, 100);
	free(series);
}

static void noisy_samples_stop_at_the_cap_and_say_so(void **state)
{
	struct series *series = new_series(two_modes);

	(void)state;
	assert_int_equal(collect(series), 0);
	assert_false(series->sampling.converged);
	assert_int_equal(series->sampling.count, SAMPLES_MAX);
	free(series);
}

static void the_time_budget_ends_it(void **state)
{
	struct series *series = new_series(two_modes);

	(void)state;
	series->plan.budget_ns = 100.0 * SAMPLE_NS;
	assert_int_equal(collect(series), 0);
	assert_false(series->sampling.converged);
	assert_int_equal(series->sampling.count, 100);
	free(series);
}

static void at_least_one_sample_is_taken(void **state)
{
	struct series *series = new_series(constant);

	(void)state;
	series->plan.budget_ns = 1;
	assert_int_equal(collect(series), 0);
	assert_int_equal(series->sampling.count, 1);
	assert_false(series->sampling.converged);
	free(series);
}

static void too_few_samples_never_converge(void **state)
{
	struct series *series = new_series(constant);

	(void)state;
	series->plan.samples_min = 1;
	series->plan.samples_max = 5; /* no 95 % interval of the median has fewer than six */
	assert_int_equal(collect(series), 0);
	assert_int_equal(series->sampling.count, 5);
	assert_false(series->sampling.converged);
	free(series);
}

static void an_error_ends_the_sampling(void **state)
{
	struct series *series = new_series(two_modes);

	(void)state;
	series->fails_at = 40;
	assert_int_equal(collect(series), 1);
	free(series);
}

static void level_samples_warm_up_in_one_window(void **state)
{
	struct series *series = new_series(jitter);

	(void)state;
	assert_int_equal(warm_up(series), 0);
	assert_true(series->sampling.stationary);
	assert_int_equal(series->sampling.warmup_count, 48);
	free(series);
}

static void the_warm_up_outlasts_the_trend(void **state)
{
	struct series *series = new_series(falls_for_64_samples);

	(void)state;
	assert_int_equal(warm_up(series), 0);
	assert_true(series->sampling.stationary);
	assert_true(series->sampling.warmup_count > 64);
	assert_true(series->sampling.warmup_count <= 64 + 48 + 24);
	free(series);
}

static void a_trend_without_end_is_cut_and_said(void **state)
{
	struct series *series = new_series(falls_for_ever);

	(void)state;
	assert_int_equal(warm_up(series), 0);
	assert_false(series->sampling.stationary);
	assert_int_equal(series->sampling.warmup_count, 600);
	free(series);
}

static void the_warm_up_takes_a_fifth_of_the_budget_at_most(void **state)
{
	struct series *series = new_series(falls_for_ever);

	(void)state;
	series->plan.budget_ns = 250.0 * SAMPLE_NS;
	assert_int_equal(warm_up(series), 0);
	assert_int_equal(series->sampling.warmup_count, 50);
	free(series);
}

static void disturbances_and_drifts_are_no_trend(void **state)
{
	static double (*const levels[])(size_t index) = {disturbed_ever_more, drifts_a_little};

	(void)state;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct series *series = new_series(levels[i]);
		assert_int_equal(warm_up(series), 0);
		assert_true(series->sampling.stationary);
		assert_int_equal(series->sampling.warmup_count, 48);
		free(series);
	}
}

static void a_trend_is_seen_behind_disturbances(void **state)
{
	struct series *falling = new_series(falls_among_disturbed_ones);
	struct series *rising = new_series(rises_among_disturbed_ones);

	(void)state;
	rising->plan.higher_is_better = true;
	assert_int_equal(warm_up(falling), 0);
	assert_int_equal(warm_up(rising), 0);
	assert_true(falling->sampling.warmup_count > 100);
	assert_true(rising->sampling.warmup_count > 100);
	assert_true(falling->sampling.stationary);
	assert_true(rising->sampling.stationary);
	free(falling);
	free(rising);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_samples_converge_at_the_minimum),
		cmocka_unit_test(quiet_samples_converge_and_are_all_kept),
		cmocka_unit_test(noisy_samples_stop_at_the_cap_and_say_so),
		cmocka_unit_test(the_time_budget_ends_it),
		cmocka_unit_test(at_least_one_sample_is_taken),
		cmocka_unit_test(too_few_samples_never_converge),
		cmocka_unit_test(exact_samples_are_taken_for_the_least_time),
		cmocka_unit_test(exact_samples_are_taken_until_enough_are_undisturbed),
		cmocka_unit_test(disturbances_and_drifts_are_no_trend),
		cmocka_unit_test(a_trend_is_seen_behind_disturbances),
		cmocka_unit_test(an_error_ends_the_sampling),
		cmocka_unit_test(level_samples_warm_up_in_one_window),
		cmocka_unit_test(the_warm_up_outlasts_the_trend),
		cmocka_unit_test(a_trend_without_end_is_cut_and_said),
		cmocka_unit_test(the_warm_up_takes_a_fifth_of_the_budget_at_most),
	};

	return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
