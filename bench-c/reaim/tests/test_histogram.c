// SPDX-License-Identifier: GPL-2.0-or-later
#include "board.h"
#include "capacity.h"
#include "numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void buckets_follow_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		assert_int_equal(histogram_bucket(histogram_low_ns(i)), i);
		if (i > 0)
			assert_int_equal(histogram_bucket(histogram_low_ns(i) - 1), i - 1);
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void buckets_are_a_sixteenth_wide(void **state)
{
	(void)state;
	for (size_t i = HISTOGRAM_STEPS; i + 1 < HISTOGRAM_BUCKETS; i++)
		assert_true((histogram_low_ns(i + 1) - histogram_low_ns(i)) * 16 <=
			    histogram_low_ns(i));
}

static void reads_quantiles(void **state)
{
	struct histogram histogram = {{0}};
	uint64_t p50;

	(void)state;
	assert_int_equal(histogram_quantile_ns(&histogram, 0.5), 0);
	for (uint64_t ns = 1; ns <= 1000; ns++)
		histogram_add(&histogram, 1000 * ns);
	p50 = histogram_quantile_ns(&histogram, 0.5);
	assert_in_range(p50, 500000, 500000 * 17 / 16);
	assert_in_range(histogram_quantile_ns(&histogram, 1), 1000000, 1000000 * 17 / 16);
	assert_in_range(histogram_quantile_ns(&histogram, 0), 1000, 1000 * 17 / 16);
}

static void merging_adds(void **state)
{
	struct histogram one = {{0}};
	struct histogram other = {{0}};

	(void)state;
	histogram_add(&one, 5);
	histogram_add(&other, 5);
	histogram_add(&other, 1 << 20);
	histogram_merge(&one, &other);
	assert_int_equal(one.counts[5], 2);
	assert_int_equal(histogram_total(&one), 3);
}

static void a_board_keeps_its_parts_apart(void **state)
{
	struct board *board = board_new(3, 5);

	(void)state;
	assert_non_null(board);
	for (size_t user = 0; user < 3; user++)
		for (size_t test = 0; test < 5; test++)
			board_totals(board, user, test)->jobs = 10 * user + test;
	memset(board->histograms, 0xff, 5 * sizeof(struct histogram));
	for (size_t user = 0; user < 3; user++) {
		assert_int_equal(board->seats[user].test, -1);
		for (size_t test = 0; test < 5; test++)
			assert_int_equal(board_totals(board, user, test)->jobs, 10 * user + test);
	}
	assert_true((char *)&board->histograms[5] <= (char *)board + board->size);
	board_free(board);
}

static void reads_sizes(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_true(parse_size("10k", &bytes) && bytes == 10240);
	assert_true(parse_size("5M", &bytes) && bytes == 5 << 20);
	assert_true(parse_size("1mb", &bytes) && bytes == 1 << 20);
	assert_true(parse_size("0", &bytes) && bytes == 0);
	assert_false(parse_size("10", &bytes)); /* of what? */
	assert_false(parse_size("", &bytes));
	assert_false(parse_size("k", &bytes));
	assert_false(parse_size("-1k", &bytes));
	assert_false(parse_size("10kk", &bytes));
	assert_false(parse_size("99999999999999999999k", &bytes));
	assert_false(parse_size("18446744073709551615t", &bytes));
}

static void names_the_obstacle(void **state)
{
	struct need need = {.users = 10, .processes = 24, .memory_bytes = 1000};
	struct room room = {24, 24, 1000};

	(void)state;
	assert_null(capacity_obstacle(&need, &room));
	room.processes = 23;
	assert_non_null(strstr(capacity_obstacle(&need, &room), "ulimit -u"));
	room = (struct room){24, 23, 1000};
	assert_non_null(strstr(capacity_obstacle(&need, &room), "pids.max"));
	room = (struct room){24, 24, 999};
	assert_non_null(strstr(capacity_obstacle(&need, &room), "memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other),
		cmocka_unit_test(buckets_are_a_sixteenth_wide),
		cmocka_unit_test(reads_quantiles),
		cmocka_unit_test(merging_adds),
		cmocka_unit_test(a_board_keeps_its_parts_apart),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(names_the_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
