// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands beside the time: placement seen, counts, the figure to quote and its form. */
#include "fake.h"

#include "counting.h"
#include "headline.h"
#include "noise.h"
#include "readable.h"
#include "seen.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tasks_are_together_apart_or_neither(void **state)
{
	const int cpus[] = {3, 3, 3, 1};
	struct seen seen = {0};

	(void)state;
	seen_add(&seen, cpus, 1); /* one task says nothing */
	assert_int_equal(seen.together + seen.apart + seen.mixed, 0);
	seen_add(&seen, cpus, 3);
	assert_int_equal(seen.together, 1);
	seen_add(&seen, cpus + 2, 2);
	assert_int_equal(seen.apart, 1);
	seen_add(&seen, cpus, 4);
	assert_int_equal(seen.mixed, 1);
}

static void what_is_seen_must_fit_the_placement(void **state)
{
	const struct seen together = {.together = 5};
	const struct seen apart = {.apart = 5};
	const struct seen once_apart = {.together = 5, .apart = 1};

	(void)state;
	assert_true(seen_fits(&together, PLACEMENT_SAME_CPU));
	assert_false(seen_fits(&once_apart, PLACEMENT_SAME_CPU));
	assert_true(seen_fits(&apart, PLACEMENT_CROSS_CPU));
	assert_false(seen_fits(&once_apart, PLACEMENT_CROSS_CPU));
	assert_false(seen_fits(&together, PLACEMENT_SMT));
	assert_true(seen_fits(&once_apart, PLACEMENT_FREE));
}

static void a_child_is_seen_where_it_is(void **state)
{
	struct seen_watch watch;
	struct seen seen = {0};
	cpu_set_t old;
	cpu_set_t one;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(ends[1]);
		_exit((int)read(ends[0], &byte, 1));
	}
	(void)close(ends[0]);
	seen_watch_open(&watch, &pid, 1, true);
	seen_watch_look(&watch, &seen);
	(void)close(ends[1]);
	(void)waitpid(pid, NULL, 0);
	seen_watch_look(&watch, &seen); /* it is gone: no second look */
	seen_watch_close(&watch);
	assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
	assert_int_equal(seen.together, 1);
	assert_int_equal(seen.apart + seen.mixed, 0);
}

static void counts_near_a_whole_number_are_that_number(void **state)
{
	(void)state;
	assert_double_equal(counting_per_operation(4000, 1000, 2), 4, 0);
	assert_double_equal(counting_per_operation(4002, 1000, 2), 4, 0);
	assert_double_equal(counting_per_operation(3998, 1000, 2), 4, 0);
	assert_double_equal(counting_per_operation(4003, 1000, 2), 4.003, 1e-12);
	assert_double_equal(counting_per_operation(3, 2, 2), 1.5, 0); /* too few to tell */
}

/* Where the kernel has no tracepoints, or does not let us, there is nothing to check. */
static void system_calls_are_counted_exactly(void **state)
{
	struct counters counters;
	double value = 0;

	(void)state;
	counters_open(&counters, NULL, 0);
	for (unsigned round = 0; round < 2; round++) {
		counters_start(&counters);
		for (unsigned i = 0; i < 10; i++)
			(void)syscall(SYS_getppid);
		counters_stop(&counters);
		if (counters_value(&counters, COUNTER_SYSCALLS, &value))
			assert_double_equal(value, 10, 0);
	}
	counters_close(&counters);
	assert_false(counters_value(&counters, COUNTER_SYSCALLS, &value));
}

enum { QUOTED = 101 };

/* Of samples 100, 101 ... 200, of which the first `disturbed` have a flag. */
static struct headline quoted_of(const struct bench *bench, enum placement placement,
				 unsigned copies, size_t disturbed)
{
	double samples[QUOTED];
	double scratch[QUOTED];
	uint8_t flags[QUOTED] = {0};
	struct result result = {.spec = {.bench = bench, .placement = placement, .copies = copies}};
	const struct metric metric = {
		.sampling = {.samples = samples,
			     .scratch = scratch,
			     .flags = flags,
			     .count = QUOTED},
		.stats = {.median = 150},
	};

	for (size_t i = 0; i < QUOTED; i++)
		samples[i] = 100 + (double)i;
	memset(flags, NOISE_SLOW_CLOCK, disturbed);
	return headline_of(&result, &metric);
}

static double quoted(enum bench_figure figure, enum bench_estimator estimator, unsigned tasks,
		     enum placement placement, unsigned copies)
{
	const struct bench bench = {.figure = figure, .estimator = estimator, .tasks = tasks};

	return quoted_of(&bench, placement, copies, 0).value;
}

static void one_cpu_quotes_its_best_decile_and_several_the_middle(void **state)
{
	const struct bench sleeping = {.estimator = BENCH_MEDIAN, .tasks = 1};
	const enum bench_estimator usual = BENCH_BY_PLACEMENT;

	(void)state;
	assert_double_equal(quoted(BENCH_LATENCY, usual, 1, PLACEMENT_SAME_CPU, 1), 110, 1e-9);
	assert_double_equal(quoted(BENCH_BANDWIDTH, usual, 1, PLACEMENT_SAME_CPU, 1), 190, 1e-9);
	assert_double_equal(quoted(BENCH_LATENCY, usual, 2, PLACEMENT_SAME_CPU, 1), 110, 1e-9);
	assert_double_equal(quoted(BENCH_LATENCY, usual, 2, PLACEMENT_CROSS_CPU, 1), 150, 0);
	assert_double_equal(quoted(BENCH_LATENCY, usual, 2, PLACEMENT_FREE, 1), 150, 0);
	assert_double_equal(quoted(BENCH_RATE, usual, 1, PLACEMENT_SAME_CPU, 4), 150, 0);
	assert_double_equal(quoted(BENCH_LATENCY, BENCH_MEDIAN, 1, PLACEMENT_SAME_CPU, 1), 150, 0);
	assert_double_equal(quoted(BENCH_RATE, BENCH_UNDISTURBED, 2, PLACEMENT_CROSS_CPU, 1), 190,
			    1e-9);
	assert_string_equal(quoted_of(&sleeping, PLACEMENT_SAME_CPU, 1, 0).estimator, "median");
}

static void disturbed_samples_are_not_quoted_unless_there_are_hardly_others(void **state)
{
	const struct bench latency = {.tasks = 1};
	const struct bench rate = {.tasks = 1, .figure = BENCH_RATE};

	(void)state;
	struct headline half = quoted_of(&latency, PLACEMENT_SAME_CPU, 1, 50);
	assert_string_equal(half.estimator, "decile");
	assert_double_equal(half.value, 155, 1e-9);
	assert_double_equal(half.doubt, 5, 1e-9); /* from a twentieth to three */
	struct headline most = quoted_of(&latency, PLACEMENT_SAME_CPU, 1, 80);
	assert_string_equal(most.estimator, "percentile");
	assert_double_equal(most.value, 101, 1e-9);
	assert_double_equal(most.doubt, 1, 1e-9);
	most = quoted_of(&rate, PLACEMENT_SAME_CPU, 1, 80);
	assert_double_equal(most.value, 199, 1e-9);
}

static void what_can_be_detected_is_the_intervals_width(void **state)
{
	struct metric metric = {
		.stats = {.median = 100, .median_interval = {.low = 99, .high = 102}}};

	(void)state;
	assert_double_equal(headline_detectable_percent(&metric), 3, 1e-9);
	metric.stats.median = 0;
	assert_double_equal(headline_detectable_percent(&metric), 100, 0);
}

static void assert_reads(double value, const char *unit, const char *number, const char *name)
{
	struct readable_unit readable = readable_unit(value, unit);
	char text[32];

	readable_number(value, &readable, text, sizeof(text));
	assert_string_equal(text, number);
	assert_string_equal(readable.name, name);
}

static void figures_are_readable(void **state)
{
	(void)state;
	assert_reads(0.30834, "ns/op", "0.3083", "ns");
	assert_reads(164.26, "ns/op", "164.3", "ns");
	assert_reads(4921.7, "ns/op", "4.922", "us");
	assert_reads(999.97, "ns/op", "1.000", "us");
	assert_reads(2.5e15, "ns/op", "2500000", "s");
	assert_reads(-0.0001, "ns/op", "-0.0001", "ns");
	assert_reads(0, "ns/op", "0.0000", "ns");
	assert_reads(3.0071e9, "B/s", "3.007", "GB/s");
	assert_reads(80.25e6, "B/s", "80.25", "MB/s");
	assert_reads(1.29e6, "op/s", "1.290", "Mop/s");
	assert_reads(1234, "parsec", "1234", "parsec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_together_apart_or_neither),
		cmocka_unit_test(what_is_seen_must_fit_the_placement),
		cmocka_unit_test(a_child_is_seen_where_it_is),
		cmocka_unit_test(counts_near_a_whole_number_are_that_number),
		cmocka_unit_test(system_calls_are_counted_exactly),
		cmocka_unit_test(one_cpu_quotes_its_best_decile_and_several_the_middle),
		cmocka_unit_test(disturbed_samples_are_not_quoted_unless_there_are_hardly_others),
		cmocka_unit_test(what_can_be_detected_is_the_intervals_width),
		cmocka_unit_test(figures_are_readable),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
