// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "noise.h"
#include "noise_watch.h"

#include <string.h>

enum { ALL = 127, MS = 1000000 };

static const struct noise_reading quiet = {.cpu = 1, .probe_loop_ns = 0.3, .interrupts = 100};

static uint8_t flags_of(const struct noise_reading *after)
{
	struct noise_usual usual = {.best_loop_ns = 0.3};

	return noise_of(&quiet, after, MS, ALL, &usual);
}

static void nothing_is_no_noise(void **state)
{
	(void)state;
	assert_int_equal(flags_of(&quiet), 0);
}

static void each_kind_has_its_flag(void **state)
{
	struct noise_reading after = quiet;

	(void)state;
	after.involuntary_switches++;
	assert_int_equal(flags_of(&after), NOISE_PREEMPTED);
	after = quiet;
	after.run_delay_ns += 11000;
	assert_int_equal(flags_of(&after), NOISE_DELAYED);
	after = quiet;
	after.steal_ticks++;
	assert_int_equal(flags_of(&after), NOISE_STOLEN);
	after = quiet;
	after.probe_loop_ns = 0.32;
	assert_int_equal(flags_of(&after), NOISE_SLOW_CLOCK);
	after = quiet;
	after.probe_hole_ns = 11000;
	assert_int_equal(flags_of(&after), NOISE_GAP);
	after = quiet;
	after.cpu = 0;
	assert_int_equal(flags_of(&after), NOISE_MIGRATED);
}

static void a_little_is_not_flagged(void **state)
{
	struct noise_reading after = quiet;

	(void)state;
	after.run_delay_ns += 9000;
	after.probe_loop_ns = 0.314;
	after.probe_hole_ns = 9000;
	after.interrupts += 5;
	assert_int_equal(flags_of(&after), 0);
}

static void only_what_is_watched_is_flagged(void **state)
{
	struct noise_usual usual = {.best_loop_ns = 0.3};
	struct noise_reading after = quiet;

	(void)state;
	after.involuntary_switches++;
	after.probe_hole_ns = 11000;
	assert_int_equal(noise_of(&quiet, &after, MS, NOISE_GAP, &usual), NOISE_GAP);
}

/* A benchmark that causes interrupts itself is not disturbed by them. */
static void a_burst_of_interrupts_is_relative_to_the_usual(void **state)
{
	struct noise_usual usual = {.best_loop_ns = 0.3};
	struct noise_reading before = quiet;
	struct noise_reading after = quiet;

	(void)state;
	for (unsigned i = 0; i < 2 * NOISE_MEMORY; i++) {
		after.interrupts = before.interrupts + 100;
		assert_int_equal(noise_of(&before, &after, MS, ALL, &usual), 0);
		before = after;
	}
	after.interrupts = before.interrupts + 150;
	assert_int_equal(noise_of(&before, &after, MS, ALL, &usual), 0);
	after.interrupts = before.interrupts + 300;
	assert_int_equal(noise_of(&before, &after, MS, ALL, &usual), NOISE_INTERRUPTED);
	assert_int_equal(noise_of(&before, &after, 3.0 * MS, ALL, &usual), 0); /* in more time */
}

/* The first probes may have been slow ones. */
static void the_best_probe_is_learnt(void **state)
{
	struct noise_usual usual = {.best_loop_ns = 0.6};
	struct noise_reading fast = quiet;
	struct noise_reading slow = quiet;

	(void)state;
	slow.probe_loop_ns = 0.6;
	assert_int_equal(noise_of(&slow, &slow, MS, ALL, &usual), 0);
	assert_int_equal(noise_of(&slow, &fast, MS, ALL, &usual), NOISE_SLOW_CLOCK);
	assert_double_equal(usual.best_loop_ns, 0.3, 0);
	assert_int_equal(noise_of(&slow, &slow, MS, ALL, &usual), NOISE_SLOW_CLOCK);
}

static void the_summary_counts_samples_and_kinds(void **state)
{
	const uint8_t flags[] = {0, NOISE_STOLEN, NOISE_STOLEN | NOISE_GAP, 0};
	struct noise_summary summary = noise_summary(flags, 4);
	char text[128];

	(void)state;
	assert_int_equal(summary.tainted, 2);
	noise_text(&summary, 4, text, sizeof(text));
	assert_string_equal(text, "2 of 4 samples disturbed (stolen 2, gap 1)");
	summary = noise_summary(flags, 1);
	noise_text(&summary, 1, text, sizeof(text));
	assert_string_equal(text, "");
}

static void evidence_gets_worse_with_the_tainted_share(void **state)
{
	struct noise_summary summary = {.tainted = 10};

	(void)state;
	assert_string_equal(noise_evidence(&summary, 100, ALL), "clean");
	assert_string_equal(noise_evidence(&summary, 99, ALL), "noisy");
	assert_string_equal(noise_evidence(&summary, 19, ALL), "poor");
	assert_string_equal(noise_evidence(&summary, 100, 0), "unknown");
}

static void the_loop_at_present_is_the_best_of_the_latest_probes(void **state)
{
	static struct noise_watch watch;

	(void)state;
	assert_double_equal(noise_watch_loop_ns(&watch), 0, 0);
	for (watch.probe_count = 0; watch.probe_count < 3; watch.probe_count++)
		watch.probes_ns[watch.probe_count] = watch.probe_count == 1 ? 0.3 : 0.6;
	assert_double_equal(noise_watch_loop_ns(&watch), 0.3, 0);
	watch.probe_count = PROBES_KEPT + 2;
	watch.probes_ns[1] = 0.6; /* the good one has been forgotten */
	for (size_t i = 3; i < PROBES_KEPT; i++)
		watch.probes_ns[i] = 0.5;
	assert_double_equal(noise_watch_loop_ns(&watch), 0.5, 0);
}

static void a_real_machine_can_be_watched(void **state)
{
	struct clock clock = clock_monotonic();
	struct noise_watch watch;

	(void)state;
	clock.loop_ns = 0.3;
	clock.resolution_ns = 20;
	noise_watch_open(&watch, &clock, true, false);
	assert_true(watch.watched & NOISE_SLOW_CLOCK);
	assert_true(watch.watched & NOISE_PREEMPTED);
	noise_watch_begin(&watch);
	assert_true(watch.last.cpu >= 0);
	assert_true(watch.last.probe_loop_ns > 0);
	if (watch.watched & NOISE_INTERRUPTED)
		assert_true(watch.last.interrupts > 0);
	assert_int_equal(noise_watch_sample(&watch, MS) & ~watch.watched, 0);
	noise_watch_close(&watch);
	noise_watch_open(&watch, &clock, false, true);
	assert_int_equal(watch.watched & (NOISE_PREEMPTED | NOISE_DELAYED | NOISE_MIGRATED), 0);
	noise_watch_close(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_no_noise),
		cmocka_unit_test(each_kind_has_its_flag),
		cmocka_unit_test(a_little_is_not_flagged),
		cmocka_unit_test(only_what_is_watched_is_flagged),
		cmocka_unit_test(a_burst_of_interrupts_is_relative_to_the_usual),
		cmocka_unit_test(the_best_probe_is_learnt),
		cmocka_unit_test(the_summary_counts_samples_and_kinds),
		cmocka_unit_test(evidence_gets_worse_with_the_tainted_share),
		cmocka_unit_test(the_loop_at_present_is_the_best_of_the_latest_probes),
		cmocka_unit_test(a_real_machine_can_be_watched),
	};

	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
