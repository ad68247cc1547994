// SPDX-License-Identifier: GPL-2.0-or-later
/* What NAME:parameter=value asks for, and what is said of words that ask for nothing. */
#include "fake.h"

#include "spec.h"

#include <stdio.h>
#include <string.h>

static int run_nothing(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	return BENCH_OK;
}

static uint64_t no_work(struct bench_state *state)
{
	(void)state;
	return 0;
}

static const char *const kinds[] = {"red", "green", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "size_bytes", .value = 4096, .min = 1, .max = 1 << 20},
	{.name = "kind", .words = kinds, .value = 1},
	{.name = "peer", .text = ""},
	{.name = "fixed", .value = 3},
	{0},
};
static const struct bench lat_painted = {
	.name = "lat_painted",
	.copies = BENCH_AS_PROCESSES,
	.tasks = 2,
	.parameters = parameters,
	.run = run_nothing,
	.work = no_work,
};
BENCH_REGISTER(lat_painted);

static const struct bench_parameter ring[] = {{.name = "others", .value = 3, .min = 1, .max = 9},
					      {0}};
static const struct bench lat_ring = {
	.name = "lat_ring",
	.tasks = 1,
	.tasks_parameter = "others",
	.parameters = ring,
	.run = run_nothing,
	.work = no_work,
};
BENCH_REGISTER(lat_ring);

static const struct bench lat_secret = {
	.name = "lat_secret", .hidden = true, .run = run_nothing, .work = no_work};
BENCH_REGISTER(lat_secret);

static char complaint[256];

static struct spec_list asked(const char *words)
{
	struct spec_list list = {0};

	if (!spec_list_add(&list, words, PLACEMENT_SAME_CPU, complaint, sizeof(complaint)))
		fail_msg("%s: %s", words, complaint);
	return list;
}

static void assert_refused(const char *words, const char *expected)
{
	struct spec_list list = {0};

	assert_false(spec_list_add(&list, words, PLACEMENT_SAME_CPU, complaint, sizeof(complaint)));
	if (strstr(complaint, expected) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", words, complaint, expected);
	spec_list_free(&list);
}

static void a_name_alone_has_the_defaults(void **state)
{
	struct spec_list list = asked("lat_painted");

	(void)state;
	assert_int_equal(list.count, 1);
	assert_ptr_equal(list.specs[0].bench, &lat_painted);
	assert_int_equal(list.specs[0].values[0], 4096);
	assert_int_equal(list.specs[0].values[1], 1);
	assert_string_equal(list.specs[0].texts[2], "");
	assert_int_equal(list.specs[0].copies, 1);
	spec_list_free(&list);
}

static void values_lists_and_ranges(void **state)
{
	static const struct {
		const char *words;
		size_t count;
		int64_t last; /* size_bytes of the last run */
	} cases[] = {
		{"lat_painted:size_bytes=64k", 1, 65536},
		{"lat_painted:size_bytes=1M", 1, 1 << 20},
		{"lat_painted:size_bytes=1,2,3", 3, 3},
		{"lat_painted:size_bytes=512..4k", 4, 4096},
		{"lat_painted:size_bytes=3..25", 4, 24},
		{"lat_painted:size_bytes=1,4..16,5", 5, 5},
		{"lat_painted:size_bytes=7,7", 1, 7},
		{"lat_painted:size_bytes=1,2:kind=red,green", 4, 2},
		{"lat_painted:size_bytes=9:placement=same-cpu,free", 2, 9},
		{"lat_painted:size_bytes=9:copies=1,2,4", 3, 9},
		{"lat_p*:size_bytes=9", 1, 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spec_list list = asked(cases[i].words);
		assert_int_equal(list.count, cases[i].count);
		assert_int_equal(list.specs[list.count - 1].values[0], cases[i].last);
		spec_list_free(&list);
	}
}

static void a_text_may_hold_colons_and_commas(void **state)
{
	struct spec_list list = asked("lat_painted:peer=[fe80::1%eth0,x]:7000:kind=red");

	(void)state;
	assert_string_equal(list.specs[0].texts[2], "[fe80::1%eth0,x]:7000");
	assert_int_equal(list.specs[0].values[1], 0);
	spec_list_free(&list);
}

static void wrong_words_are_explained(void **state)
{
	static const struct {
		const char *words;
		const char *complaint;
	} cases[] = {
		{"lat_paintd", "did you mean lat_painted?"},
		{"zzz", "see kbench list"},
		{"lat_secre*", "no benchmark"},
		{"lat_painted:siz_bytes=1", "did you mean size_bytes"},
		{"lat_painted:size_bytes", "is not parameter=value"},
		{"lat_painted:size_bytes=", "is not parameter=value"},
		{"lat_painted:size_bytes=x", "not a whole number"},
		{"lat_painted:size_bytes=1.5", "not a whole number"},
		{"lat_painted:size_bytes=1kk", "not a whole number"},
		{"lat_painted:size_bytes=99999999999999999999", "not a whole number"},
		{"lat_painted:size_bytes=9000000000G", "not a whole number"},
		{"lat_painted:size_bytes=0", "is not in 1..1048576"},
		{"lat_painted:size_bytes=2M", "is not in 1..1048576"},
		{"lat_painted:size_bytes=8..4", "a range goes upwards"},
		{"lat_painted:kind=blue", "it may be red, green"},
		{"lat_painted:fixed=4", "fixed is always 3"},
		{"lat_painted:placement=there", "it may be same-cpu, cross-cpu"},
		{"lat_painted:copies=0", "is not in 1.."},
		{"lat_painted:copies=2:copy_kind=thread", "cannot run as several threads"},
		{"lat_ring:copies=2", "cannot run as several copies"},
		{"lat_*:size_bytes=9", "lat_ring has no parameter size_bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].words, cases[i].complaint);
}

static void too_much_is_refused(void **state)
{
	char words[3000];

	(void)state;
	assert_refused("lat_painted:size_bytes=1..1M,1..1M,1..1M,1..1M", "more than 64 values");
	(void)snprintf(words, sizeof(words), "lat_painted:peer=%0200d", 0);
	assert_refused(words, "longer than");
	(void)snprintf(words, sizeof(words), "lat_painted:peer=%02000d", 0);
	assert_refused(words, "characters in one request");
}

static void hidden_ones_answer_to_their_name_only(void **state)
{
	struct spec_list list = asked("lat_secret");

	(void)state;
	assert_int_equal(list.count, 1);
	spec_list_free(&list);
	list = asked("lat_*");
	for (size_t i = 0; i < list.count; i++)
		assert_ptr_not_equal(list.specs[i].bench, &lat_secret);
	spec_list_free(&list);
}

static void tasks_follow_parameters_and_copies(void **state)
{
	struct spec_list list = asked("lat_ring:others=5");

	(void)state;
	assert_int_equal(spec_tasks(&list.specs[0]), 6);
	spec_list_free(&list);
	list = asked("lat_painted:copies=4");
	assert_int_equal(spec_tasks(&list.specs[0]), 8);
	spec_list_free(&list);
}

static void a_spec_is_written_as_it_is_asked_for(void **state)
{
	static const char *const words[] = {
		"lat_painted",
		"lat_painted:size_bytes=64:kind=red:peer=a:1",
		"lat_painted:copies=2",
		"lat_ring:others=5",
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct spec_list list = asked(words[i]);
		spec_text(&list.specs[0], text, sizeof(text));
		assert_string_equal(text, words[i]);
		spec_text(&list.specs[0], text, 8); /* room for less is no reason to write more */
		assert_true(strlen(text) < 8);
		spec_list_free(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_alone_has_the_defaults),
		cmocka_unit_test(values_lists_and_ranges),
		cmocka_unit_test(a_text_may_hold_colons_and_commas),
		cmocka_unit_test(wrong_words_are_explained),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(hidden_ones_answer_to_their_name_only),
		cmocka_unit_test(tasks_follow_parameters_and_copies),
		cmocka_unit_test(a_spec_is_written_as_it_is_asked_for),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
