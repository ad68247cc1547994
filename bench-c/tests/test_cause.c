// SPDX-License-Identifier: GPL-2.0-or-later
/* A slow sample has its cause beside it: what was counted during each, and how that is judged. */
#include "fake_bench.h"

#include "cause.h"
#include "report_counts.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SAMPLES = 40, EVERY = 4, PAGES = 64, BACKGROUND = 8 };

static struct companion companion_with(float (*events_of)(size_t sample), size_t count)
{
	double slowness[SAMPLES];
	float events[SAMPLES];
	struct companion companion;

	for (size_t i = 0; i < count; i++) {
		slowness[i] = i % EVERY == 0 ? 110 : 100;
		events[i] = events_of(i);
	}
	assert_true(companion_of(slowness, events, count, 8, &companion));
	return companion;
}

static float with_the_slow(size_t sample)
{
	return sample % EVERY == 0 ? 8 : 0;
}

static float with_the_fast(size_t sample)
{
	return sample % EVERY == 0 ? 0 : 8;
}

static float always(size_t sample)
{
	(void)sample;
	return 16;
}

static float as_it_comes(size_t sample)
{
	return (float)(sample / EVERY % 2);
}

static void what_only_slow_samples_have_explains_them(void **state)
{
	struct companion companion = companion_with(with_the_slow, SAMPLES);

	(void)state;
	assert_double_equal(companion.rank_correlation, 1, 1e-12);
	assert_double_equal(companion.of_slowest, 1, 0);
	assert_double_equal(companion.of_fastest, 0, 0);
	assert_double_equal(companion.median, 0, 0);
	assert_true(companion_explains(&companion, SAMPLES));
}

static void what_all_samples_have_explains_nothing(void **state)
{
	struct companion companion = companion_with(always, SAMPLES);

	(void)state;
	assert_double_equal(companion.rank_correlation, 0, 0);
	assert_double_equal(companion.median, 2, 0);
	assert_false(companion_explains(&companion, SAMPLES));
	companion = companion_with(as_it_comes, SAMPLES);
	assert_double_equal(companion.rank_correlation, 0, 1e-12);
	assert_false(companion_explains(&companion, SAMPLES));
}

static void what_fast_samples_have_explains_nothing(void **state)
{
	struct companion companion = companion_with(with_the_fast, SAMPLES);

	(void)state;
	assert_double_equal(companion.rank_correlation, -1, 1e-12);
	assert_false(companion_explains(&companion, SAMPLES));
}

static void a_few_samples_explain_nothing(void **state)
{
	struct companion companion = companion_with(with_the_slow, EVERY);

	(void)state;
	assert_double_equal(companion.rank_correlation, 1, 1e-12);
	assert_false(companion_explains(&companion, EVERY));
	companion = companion_with(with_the_slow, 1);
	assert_double_equal(companion.rank_correlation, 0, 0);
	assert_double_equal(companion.of_slowest, companion.of_fastest, 0);
}

static void a_group_that_shared_its_counters_is_scaled(void **state)
{
	const struct perf_group_reading before = {.enabled_ns = 10, .running_ns = 10};
	struct perf_group_reading after = {.enabled_ns = 110, .running_ns = 110, .values = {5, 30}};

	(void)state;
	assert_double_equal(perf_group_between(&before, &after, 1), 30, 0);
	after.running_ns = 60;
	assert_double_equal(perf_group_between(&before, &after, 1), 60, 0);
	after.running_ns = 10;
	assert_true(perf_group_between(&before, &after, 1) < 0);
	assert_double_equal(perf_group_between(&before, &before, 1), 0, 0);
}

static void touch_new_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	assert_true(memory != MAP_FAILED);
	assert_int_equal(madvise(memory, PAGES * page, MADV_NOHUGEPAGE), 0);
	for (size_t i = 0; i < PAGES; i++)
		*(volatile char *)(memory + i * page) = 1;
	assert_int_equal(munmap(memory, PAGES * page), 0);
}

/* An event that every machine has stands in for the processor's. Two of them, to be read apart. */
static void assert_group_counts(int cpu)
{
	const struct perf_event events[] = {
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
	};
	struct perf_group group;
	struct perf_group_reading before;
	struct perf_group_reading after;

	int error = perf_group_open(&group, events, 2, cpu);
	if (error == EACCES || error == EPERM || error == ENOSYS) {
		print_message("SKIP: perf_event_open: %s\n", strerror(error));
		skip();
	}
	assert_int_equal(error, 0);
	touch_new_pages(); /* what else is to be faulted in */
	assert_true(perf_group_read(&group, &before));
	touch_new_pages();
	assert_true(perf_group_read(&group, &after));
	perf_group_close(&group);
	assert_int_equal(after.count, 2);
	double faults = perf_group_between(&before, &after, 0);
	assert_true(faults >= PAGES);
	if (cpu < 0)
		assert_true(faults <= PAGES + BACKGROUND);
	assert_double_equal(perf_group_between(&before, &after, 1), 0, 0);
}

static void a_group_counts_this_task(void **state)
{
	(void)state;
	assert_group_counts(-1);
}

static void a_group_counts_a_cpu(void **state)
{
	cpu_set_t old;
	cpu_set_t one;
	int cpu = sched_getcpu();

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_group_counts(cpu);
	assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
}

static void a_group_that_cannot_be_had_says_why(void **state)
{
	const struct perf_event events[] = {{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
					    {PERF_TYPE_MAX + 1000, 0}};
	struct perf_group group;

	(void)state;
	assert_int_not_equal(perf_group_open(&group, events, 2, -1), 0);
	assert_int_equal(group.count, 0);
}

static void what_was_unreadable_once_is_not_known(void **state)
{
	float values[SAMPLED_KINDS][3];
	struct sample_counts counts;
	struct sample_reader reader = {.scope = SCOPE_TASK, .during = {7, 9}};

	(void)state;
	for (size_t kind = 0; kind < SAMPLED_KINDS; kind++)
		counts.of_samples[kind] = values[kind];
	for (size_t index = 0; index < 3; index++) {
		reader.known[0] = true;
		reader.known[1] = index != 1;
		sample_counts_put(&counts, &reader, index);
	}
	assert_true(counts.known[0]);
	assert_false(counts.known[1]);
	assert_int_equal(counts.scope, SCOPE_TASK);
	assert_double_equal((double)values[0][2], 7, 0);
	sample_counts_put(&counts, &reader, 0); /* another benchmark */
	assert_true(counts.known[1]);
}

/* Some batches fault, and take longer. */
static int run_faulting(struct bench_state *state, uint64_t iterations)
{
	static unsigned batches;

	if (++batches % EVERY == 0) {
		touch_new_pages();
		fake.now_ns += RUN_NS * (double)iterations / 2;
	}
	return run_well(state, iterations);
}

static void assert_json_says(const struct result *result, const char *wanted)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct json json = {.out = file};

	assert_non_null(file);
	json_begin_object(&json);
	report_counts_json(&json, result, &result->metrics[0]);
	json_end_object(&json);
	assert_int_equal(fclose(file), 0);
	if (strstr(text, wanted) == NULL)
		fail_msg("%s is not in %s", wanted, text);
	free(text);
}

static void a_benchmark_that_faults_now_and_then_is_found_out(void **state)
{
	struct bench bench = well_behaved();
	struct options options = fake_options();
	struct companion companion;

	(void)state;
	bench.run = run_faulting;
	options.plan.samples_min = SAMPLES;
	struct result *result = run_with(&bench, &options);
	assert_int_equal(result->status, STATUS_DONE);
	const struct metric *metric = &result->metrics[0];
	assert_int_equal(sampled_kinds[0], COUNTER_PAGE_FAULTS);
	assert_true(result->sample_counts.known[0]);
	assert_true(metric->sampling.count >= SAMPLES);
	assert_true(companion_of(metric->sampling.samples, result->sample_counts.of_samples[0],
				 metric->sampling.count, 1, &companion));
	assert_true(companion.of_slowest >= PAGES);
	assert_true(companion.of_fastest < BACKGROUND);
	assert_true(companion_explains(&companion, metric->sampling.count));
	assert_json_says(result, "\"explained_by\":\"page_faults\"");
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_slow_samples_have_explains_them),
		cmocka_unit_test(what_all_samples_have_explains_nothing),
		cmocka_unit_test(what_fast_samples_have_explains_nothing),
		cmocka_unit_test(a_few_samples_explain_nothing),
		cmocka_unit_test(a_group_that_shared_its_counters_is_scaled),
		cmocka_unit_test(a_group_counts_this_task),
		cmocka_unit_test(a_group_counts_a_cpu),
		cmocka_unit_test(a_group_that_cannot_be_had_says_why),
		cmocka_unit_test(what_was_unreadable_once_is_not_known),
		cmocka_unit_test(a_benchmark_that_faults_now_and_then_is_found_out),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
