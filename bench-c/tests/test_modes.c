// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "modes.h"
#include "stats.h"

#include <math.h>

enum { SAMPLES = 300, SERIES = 100 };

static uint64_t random_state;

static double uniform(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979323846 * uniform());
}

static double plain(void)
{
	return 100 + 5 * normal();
}

static double lognormal(void)
{
	return 100 * exp(0.8 * normal());
}

static double exponential(void)
{
	return 100 - 30 * log(uniform());
}

static double pareto(void)
{
	return 100 / uniform();
}

static double cauchy(void)
{
	return 1000 + fabs(100 * normal() / normal());
}

static double flat(void)
{
	return 100 + 100 * uniform();
}

static double in_steps(void)
{
	return round(50 + 5 * normal());
}

static double mostly_fast(void)
{
	return uniform() < 0.05 ? 51 * exp(0.1 * normal()) : 5 * exp(0.05 * normal());
}

static double mostly_slow(void)
{
	return uniform() < 0.05 ? 5 * exp(0.05 * normal()) : 51 * exp(0.1 * normal());
}

static double half_and_half(void)
{
	return uniform() < 0.5 ? 5 * exp(0.1 * normal()) : 51 * exp(0.25 * normal());
}

/* In how many of the series it sees `wanted` modes. */
static unsigned series_with(double (*draw)(void), size_t wanted)
{
	double values[SAMPLES];
	unsigned found = 0;

	random_state = 42;
	for (unsigned series = 0; series < SERIES; series++) {
		for (size_t i = 0; i < SAMPLES; i++)
			values[i] = draw();
		stats_sort(values, SAMPLES);
		found += modes_of(values, SAMPLES).count == wanted;
	}
	return found;
}

static void one_hump_is_one_mode(void **state)
{
	double (*const humps[])(void) = {plain,	 lognormal, exponential, pareto,
					 cauchy, flat,	    in_steps};

	(void)state;
	for (size_t i = 0; i < sizeof(humps) / sizeof(humps[0]); i++)
		assert_int_equal(series_with(humps[i], 1), SERIES);
}

static void a_mixture_is_two(void **state)
{
	(void)state;
	assert_true(series_with(half_and_half, 2) == SERIES);
	assert_true(series_with(mostly_fast, 2) >= SERIES - 5);
	assert_true(series_with(mostly_slow, 2) >= SERIES - 5);
}

static void shares_and_medians_are_those_of_the_parts(void **state)
{
	double values[] = {5, 5, 5, 5.1, 5.1, 5.2, 50, 50, 51, 51, 52, 52, 52, 52, 53, 53};
	struct modes modes = modes_of(values, 16);

	(void)state;
	assert_int_equal(modes.count, 2);
	assert_double_equal(modes.modes[0].share, 6.0 / 16, 1e-12);
	assert_double_equal(modes.modes[0].median, 5.05, 1e-12);
	assert_double_equal(modes.modes[1].share, 10.0 / 16, 1e-12);
	assert_double_equal(modes.modes[1].median, 52, 1e-12);
}

static void few_equal_or_negative_samples_are_one(void **state)
{
	const double one[] = {7};
	const double equal[] = {7, 7, 7, 7, 7, 7, 7, 7};
	const double around_zero[] = {-0.1, -0.1, 0, 0, 0.1, 100, 100, 100, 100, 100};

	(void)state;
	assert_int_equal(modes_of(one, 1).count, 1);
	assert_int_equal(modes_of(equal, 8).count, 1);
	assert_double_equal(modes_of(equal, 8).modes[0].share, 1, 0);
	assert_int_equal(modes_of(around_zero, 10).count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_hump_is_one_mode),
		cmocka_unit_test(a_mixture_is_two),
		cmocka_unit_test(shares_and_medians_are_those_of_the_parts),
		cmocka_unit_test(few_equal_or_negative_samples_are_one),
	};

	return cmocka_run_group_tests_name("modes", tests, NULL, NULL);
}
