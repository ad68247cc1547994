// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "cache_file.h"
#include "cache_size.h"

#include <stdlib.h>

#define MIB ((uint64_t)1 << 20)

enum { CACHED_NS = 500, UNCACHED_NS = 38000 };

/* A machine with a file cache of so many bytes. */
struct machine {
	uint64_t cache_bytes;
	double seconds_per_mib;
	uint64_t noisy_bytes; /* the first measurement of this size is slow */
	uint64_t fails_bytes; /* measurements from this size on fail */
	uint64_t largest;
	unsigned measured;
};

static int measure(void *context, uint64_t bytes, double seconds_left, double *block_ns,
		   double *seconds)
{
	struct machine *machine = context;

	machine->measured++;
	if (bytes > machine->largest)
		machine->largest = bytes;
	if (machine->fails_bytes != 0 && bytes >= machine->fails_bytes)
		return -1;
	*seconds = machine->seconds_per_mib * (double)(bytes / MIB);
	*block_ns = bytes <= machine->cache_bytes ? CACHED_NS : UNCACHED_NS;
	if (bytes == machine->noisy_bytes) {
		machine->noisy_bytes = 0;
		*block_ns = UNCACHED_NS;
	}
	return *seconds > seconds_left ? 1 : 0;
}

static const struct cache_size_plan plan = {
	.bytes_min = 64 * MIB, .bytes_max = 65536 * MIB, .seconds_max = 1e9};

static void finds_the_jump_in_points_of_any_order(void **state)
{
	struct cache_size_point points[] = {
		{512 * MIB, 30000}, {128 * MIB, 520}, {64 * MIB, 500}, {256 * MIB, 510}};
	struct cache_size size = cache_size_of(points, 4, 3);

	(void)state;
	assert_true(size.found);
	assert_int_equal(size.fits_bytes, 256 * MIB);
	assert_int_equal(size.above_bytes, 512 * MIB);
	assert_double_equal(size.cached_ns, 500, 0);
	assert_double_equal(size.uncached_ns, 30000, 0);
}

static void says_larger_when_nothing_jumps(void **state)
{
	struct cache_size_point points[] = {{64 * MIB, 500}, {128 * MIB, 700}, {256 * MIB, 900}};
	struct cache_size size = cache_size_of(points, 3, 3);

	(void)state;
	assert_false(size.found);
	assert_int_equal(size.fits_bytes, 256 * MIB);
}

static void one_slow_point_is_noise(void **state)
{
	struct cache_size_point points[] = {{64 * MIB, 500}, {128 * MIB, 9000}, {256 * MIB, 510}};

	(void)state;
	assert_false(cache_size_of(points, 3, 3).found);
}

static void no_points_say_nothing(void **state)
{
	struct cache_size size = cache_size_of(NULL, 0, 3);

	(void)state;
	assert_false(size.found);
	assert_int_equal(size.fits_bytes, 0);
}

static void narrows_the_jump(void **state)
{
	struct machine machine = {.cache_bytes = 7296 * MIB};
	struct cache_size_search search;

	(void)state;
	assert_int_equal(cache_size_find(&plan, measure, &machine, &search), CACHE_SIZE_DONE);
	assert_true(search.result.found);
	assert_in_range(search.result.fits_bytes, 6800 * MIB, 7296 * MIB);
	assert_in_range(search.result.above_bytes, 7296 * MIB + 1, 7800 * MIB);
	assert_true(machine.measured < 20);
}

static void never_makes_a_larger_file_than_allowed(void **state)
{
	struct machine machine = {.cache_bytes = 65536 * MIB};
	struct cache_size_plan small = plan;
	struct cache_size_search search;

	(void)state;
	small.bytes_max = 300 * MIB;
	assert_int_equal(cache_size_find(&small, measure, &machine, &search), CACHE_SIZE_NO_ROOM);
	assert_false(search.result.found);
	assert_int_equal(machine.largest, 300 * MIB);
	assert_int_equal(search.result.fits_bytes, 300 * MIB);
}

static void measures_nothing_without_room(void **state)
{
	struct machine machine = {.cache_bytes = 65536 * MIB};
	struct cache_size_plan none = plan;
	struct cache_size_search search;

	(void)state;
	none.bytes_max = 1 * MIB;
	assert_int_equal(cache_size_find(&none, measure, &machine, &search), CACHE_SIZE_NO_ROOM);
	assert_int_equal(machine.measured, 0);
	assert_int_equal(search.result.fits_bytes, 0);
}

static void begins_no_size_that_would_take_too_long(void **state)
{
	struct machine machine = {.cache_bytes = 65536 * MIB, .seconds_per_mib = 1.0 / 64};
	struct cache_size_plan hurried = plan;
	struct cache_size_search search;

	(void)state;
	hurried.seconds_max = 20; /* 1 + 2 + 4 + 8 */
	assert_int_equal(cache_size_find(&hurried, measure, &machine, &search), CACHE_SIZE_NO_TIME);
	assert_int_equal(search.result.fits_bytes, 512 * MIB);
	assert_int_equal(machine.largest, 512 * MIB);
	assert_true(search.seconds <= hurried.seconds_max);
}

static void a_busy_disk_is_no_jump(void **state)
{
	struct machine machine = {.cache_bytes = 4096 * MIB, .noisy_bytes = 256 * MIB};
	struct cache_size_search search;

	(void)state;
	assert_int_equal(cache_size_find(&plan, measure, &machine, &search), CACHE_SIZE_DONE);
	assert_in_range(search.result.fits_bytes, 3900 * MIB, 4096 * MIB);
}

static void tells_that_a_measurement_failed(void **state)
{
	struct machine machine = {.cache_bytes = 65536 * MIB, .fails_bytes = 512 * MIB};
	struct cache_size_search search;

	(void)state;
	assert_int_equal(cache_size_find(&plan, measure, &machine, &search), CACHE_SIZE_FAILED);
	assert_int_equal(search.count, 3);
	assert_int_equal(search.result.fits_bytes, 256 * MIB);
}

static void reads_a_real_file_again(void **state)
{
	const char *directory = getenv("TMPDIR") == NULL ? "/var/tmp" : getenv("TMPDIR");
	struct cache_file file;
	double block_ns = 0;
	double seconds = 0;

	(void)state;
	assert_true(cache_file_room(directory) > 0);
	assert_int_equal(cache_file_open(&file, directory), 0);
	assert_int_equal(cache_file_measure(&file, 2 * MIB, 60, &block_ns, &seconds), 0);
	assert_int_equal(cache_file_measure(&file, 1 * MIB, 60, &block_ns, &seconds), 0);
	assert_int_equal(file.bytes, 2 * MIB);
	assert_true(block_ns > 0);
	assert_true(cache_file_measure(&file, 3 * MIB, -1, &block_ns, &seconds) > 0);
	cache_file_close(&file);
	assert_int_equal(cache_file_open(&file, "/nowhere"), -1);
	assert_string_not_equal(file.reason, "");
	cache_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_jump_in_points_of_any_order),
		cmocka_unit_test(says_larger_when_nothing_jumps),
		cmocka_unit_test(one_slow_point_is_noise),
		cmocka_unit_test(no_points_say_nothing),
		cmocka_unit_test(narrows_the_jump),
		cmocka_unit_test(never_makes_a_larger_file_than_allowed),
		cmocka_unit_test(measures_nothing_without_room),
		cmocka_unit_test(begins_no_size_that_would_take_too_long),
		cmocka_unit_test(a_busy_disk_is_no_jump),
		cmocka_unit_test(tells_that_a_measurement_failed),
		cmocka_unit_test(reads_a_real_file_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
