// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 40 };

/* SAMPLES numbers around `middle`, of a width that tells 5 % from nothing. */
static void spread(double *samples, double middle)
{
	for (int i = 0; i < SAMPLES; i++)
		samples[i] = middle * (1 + 0.001 * (double)((i * 7) % SAMPLES - SAMPLES / 2));
}

static struct change change_between(double before, double after, bool lower_is_better)
{
	double old[SAMPLES];
	double new[SAMPLES];

	spread(old, before);
	spread(new, after);
	return change_of(old, SAMPLES, new, SAMPLES, lower_is_better, 0);
}

static void a_clear_change_has_a_direction(void **state)
{
	(void)state;
	struct change slower = change_between(100, 110, true);
	assert_double_equal(slower.percent, 10, 0.01);
	assert_true(slower.low_percent > 8 && slower.low_percent < 10);
	assert_true(slower.high_percent > 10 && slower.high_percent < 12);
	assert_true(slower.confidence >= 0.95);
	assert_int_equal(slower.verdict, VERDICT_WORSE);
	assert_int_equal(change_between(100, 110, false).verdict, VERDICT_BETTER);
	assert_int_equal(change_between(110, 100, true).verdict, VERDICT_BETTER);
	assert_int_equal(change_between(110, 100, false).verdict, VERDICT_WORSE);
}

static void a_small_change_is_unclear(void **state)
{
	(void)state;
	struct change change = change_between(100, 100.2, true);
	assert_int_equal(change.verdict, VERDICT_UNCLEAR);
	assert_true(change.low_percent < 0 && change.high_percent > 0);
}

static void few_samples_prove_nothing(void **state)
{
	double old[] = {100, 101};
	double new[] = {200, 201};

	(void)state;
	struct change change = change_of(old, 2, new, 2, true, 0);
	assert_double_equal(change.percent, 99.5, 0.1);
	assert_true(change.confidence == 0);
	assert_int_equal(change.verdict, VERDICT_UNCLEAR);
}

static void figures_near_nothing_have_no_ratio(void **state)
{
	double old[] = {-0.1, 0.1, 0.2};
	double new[] = {0.1, 0.1, 0.2};
	double tiny[] = {0.01, 0.01, 0.01};

	(void)state;
	assert_int_equal(change_of(old, 3, new, 3, true, 0).verdict, VERDICT_NO_RATIO);
	assert_int_equal(change_of(new, 3, tiny, 3, true, 0.3).verdict, VERDICT_NO_RATIO);
}

static void counts_differ_only_when_it_cannot_be_chance(void **state)
{
	(void)state;
	assert_false(count_differs(0, 0, 0.02));
	assert_false(count_differs(2.0001, 2, 0.02));
	assert_false(count_differs(0.001, 0.01, 0.02));
	assert_false(count_differs(100, 101, 0.02));
	assert_true(count_differs(1, 2, 0.02));
	assert_true(count_differs(0, 0.1, 0.02));
	assert_true(count_differs(105, 100, 0.02));
	assert_false(count_differs(105, 100, 0.1));
	assert_false(count_differs(NAN, 100, 0.1));
	assert_false(count_differs(0, NAN, 0.1));
}

/* Rates of false alarms and of hits, of a generator that is the same everywhere: two sets of
 * one distribution, and two whose medians differ by 3 %. */
static void the_interval_covers_what_it_says(void **state)
{
	unsigned long long seed = 12345;
	int alarms = 0;
	int hits = 0;
	enum { TRIALS = 2000 };

	(void)state;
	for (int trial = 0; trial < TRIALS; trial++) {
		double sets[4][SAMPLES];
		for (int i = 0; i < 4 * SAMPLES; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			double uniform = (double)(seed >> 11) / 9007199254740992.0;
			double skewed = 1 + 0.1 * uniform * uniform; /* a tail, as times have */
			sets[i / SAMPLES][i % SAMPLES] = i < 3 * SAMPLES ? skewed : 1.03 * skewed;
		}
		alarms += change_of(sets[0], SAMPLES, sets[1], SAMPLES, true, 0).verdict !=
			  VERDICT_UNCLEAR;
		hits += change_of(sets[2], SAMPLES, sets[3], SAMPLES, true, 0).verdict ==
			VERDICT_WORSE;
	}
	assert_in_range(alarms, TRIALS / 40, TRIALS * 6 / 100);
	assert_true(hits > TRIALS * 2 / 3);
}

static char paths[2][64];
static char complaint[512];

static void write_file(int index, const char *text)
{
	(void)snprintf(paths[index], sizeof(paths[index]), "/tmp/kbench-compare-%d-%d",
		       (int)getpid(), index);
	FILE *file = fopen(paths[index], "w");
	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool compared(struct comparison *comparison, const char *before, const char *after)
{
	write_file(0, before);
	write_file(1, after);
	bool fine = comparison_open(comparison, paths[0], paths[1], complaint, sizeof(complaint));
	(void)unlink(paths[0]);
	(void)unlink(paths[1]);
	return fine;
}

#define DOCUMENT(benchmarks_)                                                                                 \
	"{\"schema\":\"kdyno.kbench/1\",\"host\":{},\"harness\":{},\"clock\":{},\"benchmarks\":[" benchmarks_ \
	"]}"
#define BENCHMARK(name_, parameters_, status_, samples_, faults_)                                  \
	"{\"name\":\"" name_ "\",\"placement\":\"same-cpu\",\"parameters\":{" parameters_          \
	"},\"status\":\"" status_ "\",\"reason\":\"why\",\"metrics\":[" samples_                   \
	"],\"counts_per_op\":{\"minor_faults\":" faults_ "}}"
#define METRIC(samples_)                                                                           \
	"{\"name\":\"latency\",\"unit\":\"ns/op\",\"direction\":\"lower\",\"stationary\":true,"    \
	"\"samples\":[" samples_ "]}"
#define TENS	 METRIC("10,10,10,10,10,10,10,10,10,10")
#define ELEVENS	 METRIC("11,11,11,11,11,11,11,11,11,11")
#define TWENTIES METRIC("20,20,20,20,20,20,20,20,20,20")

static void what_belongs_together_is_found(void **state)
{
	struct comparison comparison;

	(void)state;
	assert_true(compared(
		&comparison,
		DOCUMENT(BENCHMARK("a", "\"n\":1", "done", TENS, "1") "," BENCHMARK(
			"a", "\"n\":2,\"k\":\"x\"", "done", TENS,
			"0") "," BENCHMARK("b", "", "done", TENS,
					   "0") "," BENCHMARK("c", "", "done", TENS,
							      "0") "," BENCHMARK("s", "", "skip",
										 "", "0")),
		DOCUMENT(BENCHMARK("c", "", "error", "", "0") "," BENCHMARK(
			"s", "", "skip", "",
			"0") "," BENCHMARK("a", "\"k\":\"x\",\"n\":2", "done", TWENTIES,
					   "0") "," BENCHMARK("a", "\"n\":1", "done", ELEVENS,
							      "2") "," BENCHMARK("d", "", "done",
										 TENS, "0"))));
	assert_int_equal(comparison.row_count, 2);
	assert_double_equal(comparison.rows[0].change.percent, 100, 1e-9);
	assert_double_equal(comparison.rows[1].change.percent, 10, 1e-9);
	assert_int_equal(comparison.rows[1].change.verdict, VERDICT_WORSE);
	assert_int_equal(comparison.count_count, 1);
	assert_string_equal(comparison.counts[0].count, "minor_faults");
	assert_double_equal(comparison.counts[0].after, 2, 0);
	assert_int_equal(comparison.unmatched_count, 3); /* b, c, d; s is skipped in both */
	comparison_free(&comparison);
}

static void the_same_run_twice_is_matched_in_order(void **state)
{
	struct comparison comparison;

	(void)state;
	assert_true(compared(&comparison,
			     DOCUMENT(BENCHMARK("a", "", "done", TENS,
						"0") "," BENCHMARK("a", "", "done", TWENTIES, "0")),
			     DOCUMENT(BENCHMARK("a", "", "done", TENS, "0") "," BENCHMARK(
				     "a", "", "done", TWENTIES, "0"))));
	assert_int_equal(comparison.row_count, 2);
	assert_double_equal(comparison.rows[0].change.percent, 0, 0);
	assert_double_equal(comparison.rows[1].change.percent, 0, 0);
	comparison_free(&comparison);
}

/* Ten processes of three samples each, one of them slow, and an odd one at the end. */
#define ROUND_SAMPLES "10,10,30,10,10,30,10,10,30,10,10,30,10,10,30,"
#define MANY	      METRIC(ROUND_SAMPLES ROUND_SAMPLES "1,2,3")
#define ROUNDS(last_)                                                                              \
	"{\"name\":\"a\",\"placement\":\"same-cpu\",\"parameters\":{},\"status\":\"done\","        \
	"\"metrics\":[" MANY "],\"rounds\":[{\"first_sample\":0},{\"first_sample\":3},"            \
	"{\"first_sample\":6},{\"first_sample\":9},{\"first_sample\":12},{\"first_sample\":15},"   \
	"{\"first_sample\":18},{\"first_sample\":21},{\"first_sample\":24},{\"first_sample\":27}," \
	"{\"first_sample\":" last_ "}]}"

static void rounds_are_compared_by_their_medians(void **state)
{
	static const char *const odd[] = {"31", "27.5", "27", "33", "-1", "1e300", "\"x\""};
	struct comparison comparison;

	(void)state;
	assert_true(compared(&comparison, DOCUMENT(ROUNDS("30")), DOCUMENT(ROUNDS("30"))));
	assert_true(comparison.rows[0].by_rounds);
	assert_double_equal(comparison.rows[0].change.before, 10, 0);
	assert_double_equal(comparison.rows[0].change.high_percent, 0, 0);
	comparison_free(&comparison);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char text[2048];
		(void)snprintf(text, sizeof(text), DOCUMENT(ROUNDS("%s")), odd[i]);
		assert_true(compared(&comparison, text, text));
		comparison_free(&comparison);
	}
}

static void files_that_cannot_be_compared_are_refused(void **state)
{
	static const char good[] = DOCUMENT(BENCHMARK("a", "", "done", TENS, "0"));
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{"", "line 1, column 1"},
		{"[]", "not a document of kbench run"},
		{"{\"schema\":\"other/1\"}", "schema other/1"},
		{"{\"schema\":\"kdyno.kbench/1\"}", "not a document"},
		{DOCUMENT("7"), "benchmark 0 is malformed"},
		{DOCUMENT("{\"name\":\"a\"}"), "malformed"},
		{DOCUMENT(BENCHMARK("a", "", "done", METRIC(""), "0")), "malformed"},
		{DOCUMENT(BENCHMARK("a", "", "done", METRIC("1,\"2\""), "0")), "malformed"},
		{DOCUMENT(BENCHMARK("b", "", "done", TENS, "0")), "no figure in common"},
		{DOCUMENT(""), "no figure in common"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct comparison comparison;
		assert_false(compared(&comparison, good, cases[i].text));
		if (strstr(complaint, cases[i].words) == NULL)
			fail_msg("no \"%s\" in %s", cases[i].words, complaint);
		comparison_free(&comparison);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clear_change_has_a_direction),
		cmocka_unit_test(a_small_change_is_unclear),
		cmocka_unit_test(few_samples_prove_nothing),
		cmocka_unit_test(figures_near_nothing_have_no_ratio),
		cmocka_unit_test(counts_differ_only_when_it_cannot_be_chance),
		cmocka_unit_test(the_interval_covers_what_it_says),
		cmocka_unit_test(what_belongs_together_is_found),
		cmocka_unit_test(the_same_run_twice_is_matched_in_order),
		cmocka_unit_test(rounds_are_compared_by_their_medians),
		cmocka_unit_test(files_that_cannot_be_compared_are_refused),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
