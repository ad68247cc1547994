// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "plateau.h"

#include <math.h>

enum { LEVELS_MAX = 6, KIB = 1024, MIB = 1024 * 1024 };

struct hierarchy {
	size_t caches;
	double sizes[4];
	double latencies[5]; /* of the caches, then memory */
};

static const struct hierarchy two = {1, {32 * KIB}, {1, 80}};
static const struct hierarchy three = {2, {32 * KIB, 1 * MIB}, {1.2, 4, 90}};
static const struct hierarchy four = {3, {48 * KIB, 2 * MIB, 32 * MIB}, {1.1, 3.7, 18, 110}};

/* Random replacement: of a cyclic walk through more than the size, so much still hits. */
static double soft_hits(double ratio)
{
	return ratio <= 0.8 ? 1 : exp(-1.6 * (ratio - 0.8));
}

static double sharp_hits(double ratio)
{
	return ratio <= 1 ? 1 : 0;
}

static double latency_at(const struct hierarchy *hierarchy, double size, bool soft)
{
	double latency = hierarchy->latencies[hierarchy->caches];

	for (size_t i = hierarchy->caches; i-- > 0;) {
		double ratio = size / hierarchy->sizes[i];
		double hits = soft ? soft_hits(ratio) : sharp_hits(ratio);
		latency = hits * hierarchy->latencies[i] + (1 - hits) * latency;
	}
	return latency;
}

static size_t draw(const struct hierarchy *hierarchy, bool soft, struct plateau_point *points)
{
	size_t count = 0;

	for (double octave = 4 * KIB; octave <= 256 * MIB; octave *= 2) {
		for (int part = 0; part < 4 && octave * (1 + part / 4.0) <= 256 * MIB; part++) {
			double size = octave * (1 + part / 4.0);
			points[count++] =
				(struct plateau_point){size, latency_at(hierarchy, size, soft)};
		}
	}
	return count;
}

static double next_noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (double)(*seed >> 8) / (double)(1 << 24);
}

static void assert_hierarchy(const struct hierarchy *expected, const struct plateau_point *points,
			     size_t count, double size_ratio, double latency_ratio)
{
	struct plateau found[LEVELS_MAX];
	size_t levels = plateau_find(points, count, found, LEVELS_MAX);

	assert_int_equal(levels, expected->caches + 1);
	for (size_t i = 0; i < levels; i++) {
		assert_double_equal(log2(found[i].latency_ns / expected->latencies[i]), 0,
				    log2(latency_ratio));
		if (i < expected->caches)
			assert_double_equal(log2(found[i].ends_at / expected->sizes[i]), 0,
					    log2(size_ratio));
	}
	assert_double_equal(found[levels - 1].ends_at, 0, 0);
}

static const struct hierarchy *const all[] = {&two, &three, &four};

static void finds_sharp_levels(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t count = draw(all[i], false, points);
		assert_hierarchy(all[i], points, count, 1.1, 1.001);
	}
}

static void finds_soft_shoulders(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t count = draw(all[i], true, points);
		assert_hierarchy(all[i], points, count, 1.3, 1.25);
	}
}

static void noise_does_not_matter(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		uint32_t noise = seed;
		const struct hierarchy *hierarchy = all[seed % 3];
		size_t count = draw(hierarchy, seed % 2 == 0, points);
		for (size_t i = 0; i < count; i++)
			points[i].latency_ns *= 1 + 0.1 * next_noise(&noise);
		assert_hierarchy(hierarchy, points, count, 1.35, 1.35);
	}
}

static void single_odd_points_do_not_matter(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	for (size_t odd = 0; odd < 60; odd++) {
		size_t count = draw(&four, false, points);
		points[odd].latency_ns *= odd % 2 == 0 ? 5 : 0.4;
		assert_hierarchy(&four, points, count, 1.35, 1.001);
	}
}

static void missing_points_do_not_matter(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	for (size_t missing = 0; missing < 60; missing++) {
		size_t count = draw(&four, false, points);
		for (size_t i = missing; i + 1 < count; i++)
			points[i] = points[i + 1];
		assert_hierarchy(&four, points, count - 1, 1.35, 1.001);
	}
}

/* The third cache holds only what the second does not: it ends at the sum of both. */
static void knows_an_exclusive_cache(void **state)
{
	const struct hierarchy sum = {3, {32 * KIB, 1 * MIB, 5 * MIB}, {1, 4, 16, 90}};
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	assert_hierarchy(&sum, points, draw(&sum, false, points), 1.1, 1.001);
}

static void a_flat_curve_is_one_level(void **state)
{
	const struct hierarchy none = {0, {0}, {60}};
	struct plateau_point points[PLATEAU_POINTS_MAX];

	(void)state;
	assert_hierarchy(&none, points, draw(&none, false, points), 1, 1.001);
}

static void a_slope_has_no_levels(void **state)
{
	struct plateau_point points[20];
	struct plateau found[LEVELS_MAX];

	(void)state;
	for (size_t i = 0; i < 20; i++)
		points[i] = (struct plateau_point){pow(2, (double)i), pow(1.6, (double)i)};
	assert_int_equal(plateau_find(points, 20, found, LEVELS_MAX), 0);
}

static void nonsense_has_no_levels(void **state)
{
	struct plateau_point points[] = {{1, 1}, {2, 1}, {4, NAN}, {8, 1}};
	const struct plateau_point backwards[] = {{4, 1}, {2, 1}, {1, 1}};
	struct plateau found[LEVELS_MAX];

	(void)state;
	assert_int_equal(plateau_find(points, 0, found, LEVELS_MAX), 0);
	assert_int_equal(plateau_find(points, 2, found, LEVELS_MAX), 0);
	assert_int_equal(plateau_find(points, 4, found, LEVELS_MAX), 0);
	points[2].latency_ns = 0;
	assert_int_equal(plateau_find(points, 4, found, LEVELS_MAX), 0);
	assert_int_equal(plateau_find(backwards, 3, found, LEVELS_MAX), 0);
}

static void gives_no_more_levels_than_wanted(void **state)
{
	struct plateau_point points[PLATEAU_POINTS_MAX];
	struct plateau found[2];

	(void)state;
	assert_int_equal(plateau_find(points, draw(&four, false, points), found, 2), 2);
	assert_true(found[1].ends_at > 0);
}

/* Recorded with lat_mem:pages=huge in a virtual machine whose neighbours leave it some 5 MiB
 * of the 32 MiB of third cache; 32 KiB and 512 KiB are its own. */
static void reads_a_real_curve(void **state)
{
	static const double kib_ns[][2] = {
		{4, 1.23},	 {6, 1.2269},	  {8, 1.2264},	   {12, 1.23},	    {16, 1.23},
		{24, 1.23},	 {32, 1.2452},	  {40, 3.6724},	   {48, 3.9032},    {64, 3.714},
		{96, 3.7074},	 {128, 3.7123},	  {192, 3.7121},   {256, 3.7111},   {320, 4.2285},
		{384, 5.2178},	 {512, 10.372},	  {640, 10.613},   {768, 12.058},   {1024, 13.436},
		{1536, 14.535},	 {2048, 15.187},  {3072, 15.814},  {4096, 16.335},  {6144, 88.4},
		{8192, 60.612},	 {12288, 113.84}, {16384, 113.74}, {24576, 116.38}, {32768, 127.97},
		{49152, 129.91}, {65536, 133.33}, {98304, 142.39}, {131072, 133.2},
	};
	enum { COUNT = sizeof(kib_ns) / sizeof(kib_ns[0]) };
	const struct hierarchy expected = {
		3, {32 * KIB, 420 * KIB, 5 * MIB}, {1.23, 3.71, 15, 128}};
	struct plateau_point points[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		points[i] = (struct plateau_point){kib_ns[i][0] * KIB, kib_ns[i][1]};
	assert_hierarchy(&expected, points, COUNT, 1.1, 1.05);
}

/* Latencies of loads from so many pages, as lat_tlb gives them with the cache's part. */
static void reads_the_reach_of_two_tlbs(void **state)
{
	static const struct plateau_point points[] = {
		{8, 1.25},  {16, 1.25}, {32, 1.26},  {48, 1.26},  {64, 2.6},   {96, 3.4},
		{128, 3.4}, {256, 3.4}, {512, 3.4},  {1024, 3.6}, {1536, 4.2}, {2048, 7.1},
		{4096, 17}, {8192, 24}, {16384, 26}, {32768, 28},
	};
	struct plateau found[LEVELS_MAX];

	(void)state;
	assert_int_equal(
		plateau_find(points, sizeof(points) / sizeof(points[0]), found, LEVELS_MAX), 3);
	assert_double_equal(found[0].ends_at, 56, 8);
	assert_double_equal(found[1].ends_at, 2200, 300);
}

static void finds_the_line(void **state)
{
	const struct plateau_point quiet[] = {{16, 8}, {32, 8}, {64, 15}, {128, 15}, {256, 15}};
	const struct plateau_point odd[] = {{16, 8}, {32, 14}, {64, 7}, {128, 15}, {256, 16}};
	const struct plateau_point flat[] = {{16, 8}, {32, 8.5}, {64, 8}, {128, 8}, {256, 9}};
	const struct plateau_point falling[] = {{16, 15}, {32, 15}, {64, 8}, {128, 8}};

	(void)state;
	assert_double_equal(plateau_line(quiet, 5), 64, 0);
	assert_double_equal(plateau_line(odd, 5), 128, 0);
	assert_double_equal(plateau_line(flat, 5), 0, 0);
	assert_double_equal(plateau_line(falling, 4), 0, 0);
	assert_double_equal(plateau_line(quiet, 0), 0, 0);
}

static void matches_what_is_said(void **state)
{
	const double said[] = {32 * KIB, 512 * KIB, 32 * MIB};
	const double all_found[] = {33 * KIB, 400 * KIB, 700 * KIB};
	const double without_second[] = {33 * KIB, 20 * MIB};
	const double one_more[] = {33 * KIB, 500 * KIB, 4 * MIB, 33 * MIB};
	int said_of[4];

	(void)state;
	plateau_match(all_found, 3, said, 3, said_of);
	assert_int_equal(said_of[2], 2);
	plateau_match(without_second, 2, said, 3, said_of);
	assert_int_equal(said_of[0], 0);
	assert_int_equal(said_of[1], 2);
	plateau_match(one_more, 4, said, 3, said_of);
	assert_int_equal(said_of[0], 0);
	assert_int_equal(said_of[1], 1);
	plateau_match(all_found, 3, said, 0, said_of);
	assert_int_equal(said_of[0], -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_sharp_levels),
		cmocka_unit_test(finds_soft_shoulders),
		cmocka_unit_test(noise_does_not_matter),
		cmocka_unit_test(single_odd_points_do_not_matter),
		cmocka_unit_test(missing_points_do_not_matter),
		cmocka_unit_test(knows_an_exclusive_cache),
		cmocka_unit_test(a_flat_curve_is_one_level),
		cmocka_unit_test(a_slope_has_no_levels),
		cmocka_unit_test(nonsense_has_no_levels),
		cmocka_unit_test(gives_no_more_levels_than_wanted),
		cmocka_unit_test(reads_a_real_curve),
		cmocka_unit_test(reads_the_reach_of_two_tlbs),
		cmocka_unit_test(finds_the_line),
		cmocka_unit_test(matches_what_is_said),
	};

	return cmocka_run_group_tests_name("plateau", tests, NULL, NULL);
}
