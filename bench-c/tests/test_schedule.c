// SPDX-License-Identifier: GPL-2.0-or-later
/* Order, rounds and the end of time for many benchmarks. */
#include "fake_bench.h"

#include "schedule.h"

#include <stdlib.h>

enum { COUNT = 50, FINISHED_MAX = 8 };

static const char *finished_names[FINISHED_MAX];
static enum run_status finished_status[FINISHED_MAX];
static unsigned finished_rounds[FINISHED_MAX];
static size_t finished_samples[FINISHED_MAX];
static size_t finished_count;
static struct progress last_progress;

static void note(void *context, const struct result *result)
{
	(void)context;
	finished_names[finished_count] = result->spec.bench->name;
	finished_status[finished_count] = result->status;
	finished_rounds[finished_count] = result->round_count;
	finished_samples[finished_count] = result->metrics[0].sampling.count;
	finished_count++;
}

static void note_progress(void *context, const struct progress *progress)
{
	(void)context;
	assert_true(progress->done <= progress->total);
	last_progress = *progress;
}

static int always_fail(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	return bench_fail(state, "never");
}

static bool one_round_is_enough(void *context, const struct progress *progress, unsigned rounds_had,
				struct options *options)
{
	(void)context;
	assert_true(progress->started <= progress->done);
	options->rounds = 1;
	return rounds_had == 0;
}

static bool (*adapt)(void *, const struct progress *, unsigned, struct options *);

static struct tally run_schedule(struct bench *benches, size_t count, double limit_s)
{
	struct spec_list list = {.specs = calloc(count, sizeof(struct spec)), .count = count};
	struct schedule schedule = {.list = &list,
				    .options = fake_options(),
				    .limit_s = limit_s,
				    .adapt = adapt,
				    .finished = note,
				    .progress = note_progress};
	struct tally tally;

	assert_non_null(list.specs);
	for (size_t i = 0; i < count; i++)
		list.specs[i] = spec_default(&benches[i], PLACEMENT_FREE);
	schedule.options.rounds = 3;
	finished_count = 0;
	assert_int_equal(schedule_run(&schedule, &tally), 0);
	spec_list_free(&list);
	assert_int_equal(finished_count, count);
	return tally;
}

static void an_order_is_a_permutation_that_the_seed_decides(void **state)
{
	size_t first[COUNT];
	size_t again[COUNT];
	size_t other[COUNT];
	bool seen[COUNT] = {false};

	(void)state;
	schedule_order(first, COUNT, 7, 1);
	schedule_order(again, COUNT, 7, 1);
	schedule_order(other, COUNT, 7, 2);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	schedule_order(other, COUNT, 6, 2); /* another seed's other round */
	assert_memory_not_equal(first, other, sizeof(first));
	for (size_t i = 0; i < COUNT; i++)
		seen[first[i]] = true;
	for (size_t i = 0; i < COUNT; i++)
		assert_true(seen[i]);
	schedule_order(first, COUNT, 0, 1);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(first[i], i);
}

static void samples_of_all_rounds_come_together(void **state)
{
	struct bench benches[2] = {well_behaved(), well_behaved()};

	(void)state;
	benches[1].name = "second";
	benches[0].estimator = BENCH_MEDIAN;
	benches[1].estimator = BENCH_MEDIAN;
	struct tally tally = run_schedule(benches, 2, 0);
	assert_int_equal(tally.done, 2);
	assert_string_equal(finished_names[0], "well_behaved");
	assert_string_equal(finished_names[1], "second");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(finished_rounds[i], 3);
		/* equal samples converge as soon as there are enough for an interval: six a round
		 */
		assert_int_equal(finished_samples[i], 18);
	}
	assert_int_equal(last_progress.done, 6);
	assert_int_equal(last_progress.total, 6);
	assert_null(last_progress.next);
}

static void one_that_fails_is_not_tried_again(void **state)
{
	struct bench benches[2] = {well_behaved(), well_behaved()};

	(void)state;
	benches[0].run = always_fail;
	struct tally tally = run_schedule(benches, 2, 0);
	assert_int_equal(tally.done, 1);
	assert_int_equal(tally.failed, 1);
	assert_int_equal(finished_rounds[0], 1);
	assert_int_equal(finished_rounds[1], 3);
}

static void rounds_may_be_left_out(void **state)
{
	struct bench benches[2] = {well_behaved(), well_behaved()};

	(void)state;
	adapt = one_round_is_enough;
	struct tally tally = run_schedule(benches, 2, 0);
	adapt = NULL;
	assert_int_equal(tally.done, 2);
	assert_int_equal(finished_rounds[0], 1);
	assert_int_equal(finished_rounds[1], 1);
	assert_int_equal(last_progress.done, 6);
	assert_int_equal(last_progress.started, 2);
}

static void what_does_not_fit_is_skipped(void **state)
{
	struct bench benches[2] = {well_behaved(), well_behaved()};

	(void)state;
	struct tally tally = run_schedule(benches, 2, 1e-9);
	assert_int_equal(tally.skipped, 2);
	assert_int_equal(finished_status[1], STATUS_SKIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_a_permutation_that_the_seed_decides),
		cmocka_unit_test(samples_of_all_rounds_come_together),
		cmocka_unit_test(one_that_fails_is_not_tried_again),
		cmocka_unit_test(rounds_may_be_left_out),
		cmocka_unit_test(what_does_not_fit_is_skipped),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
