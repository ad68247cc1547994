// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that put runs together, compare them or judge them. */
#include "cli.h"

/* A name in a suite that no benchmark has is found here. */
static void suites_name_what_there_is(void **state)
{
	size_t i;
	json_t *suite;
	char command[128];

	(void)state;
	assert_int_equal(shell(KBENCH "suite --json"), 0);
	json_t *list = parse_output();
	assert_int_equal(json_array_size(list), 3);
	json_array_foreach(list, i, suite)
	{
		const char *name = json_string_value(json_object_get(suite, "name"));
		(void)snprintf(command, sizeof(command), KBENCH "suite %s --list --json", name);
		assert_int_equal(shell(command), 0);
		json_t *one = parse_output();
		assert_int_equal(json_array_size(json_object_get(one, "rows")),
				 json_integer_value(json_object_get(suite, "runs")));
		assert_true(json_array_size(json_object_get(one, "rows")) > 30);
		json_decref(one);
		(void)snprintf(command, sizeof(command), KBENCH "list --suite %s", name);
		assert_int_equal(shell(command), 0);
	}
	json_decref(list);
}

/* Time for some and not for all: nothing is missing, and it is said why. */
static void a_suite_keeps_its_time(void **state)
{
	size_t i;
	json_t *bench;
	size_t skipped = 0;

	(void)state;
	assert_int_equal(shell(KBENCH "suite paper --time-limit 1 --json 2>/dev/null; true"), 0);
	json_t *document = parse_output();
	json_t *list = json_object_get(document, "benchmarks");
	json_array_foreach(list, i, bench) skipped +=
		strstr(json_string_value(json_object_get(bench, "reason")),
		       "time for all benchmarks was over") != NULL;
	assert_true(skipped > 0);
	json_decref(document);
	assert_int_equal(shell(KBENCH "list --suite paper --json"), 0);
	document = parse_output();
	assert_int_equal(json_array_size(json_object_get(document, "rows")), i);
	json_decref(document);
}

#define SCRATCH "/tmp/kbench-cli-test"

static void the_document_goes_to_a_file_too(void **state)
{
	json_error_t error;

	(void)state;
	assert_int_equal(shell("rm -rf " SCRATCH "; mkdir " SCRATCH), 0);
	assert_int_equal(shell(KBENCH "run null --output " SCRATCH "/a.json" QUICKLY), 0);
	assert_says("null");
	json_t *document = json_load_file(SCRATCH "/a.json", 0, &error);
	assert_non_null(document);
	json_decref(document);
	assert_int_equal(shell("ls " SCRATCH), 0);
	assert_string_equal(output, "a.json\n");
	assert_int_equal(shell(KBENCH "run null --output " SCRATCH "/no/b.json 2>&1"), 1);
	assert_says("cannot be written");
	assert_int_equal(shell(KBENCH "run null --output " SCRATCH " 2>&1"), 1);
}

static void two_documents_are_compared(void **state)
{
	(void)state;
	assert_int_equal(shell("rm -rf " SCRATCH "; mkdir " SCRATCH), 0);
	assert_int_equal(shell(KBENCH "run lat_call lat_pipe --output " SCRATCH "/a.json" QUICKLY),
			 0);
	assert_int_equal(shell(KBENCH "run lat_call lat_fifo --output " SCRATCH "/b.json" QUICKLY),
			 0);
	assert_int_equal(shell(KBENCH "compare " SCRATCH "/a.json " SCRATCH "/b.json"), 0);
	assert_says("lat_call");
	assert_says("only before");
	assert_says("only after");
	assert_says("kdyno analyze compare");
	assert_int_equal(shell(KBENCH "compare --json " SCRATCH "/a.json " SCRATCH "/b.json"), 0);
	json_t *document = parse_output();
	assert_int_equal(json_array_size(json_object_get(document, "figures")), 1);
	json_decref(document);
	assert_int_equal(shell(KBENCH "compare " SCRATCH "/a.json " SCRATCH "/c.json 2>&1"), 1);
	assert_says("No such file");
	assert_int_equal(shell("head -c 300 " SCRATCH "/a.json >" SCRATCH "/cut.json"), 0);
	assert_int_equal(shell(KBENCH "compare " SCRATCH "/cut.json " SCRATCH "/b.json 2>&1"), 1);
	assert_says("line 1, column 301");
}

static void a_report_can_be_made_of_a_document(void **state)
{
	size_t i;
	json_t *row;
	size_t measured = 0;

	(void)state;
	assert_int_equal(shell("rm -rf " SCRATCH "; mkdir " SCRATCH), 0);
	assert_int_equal(shell(KBENCH "run lat_call lat_ctx --output " SCRATCH "/a.json" QUICKLY),
			 0);
	assert_int_equal(shell(KBENCH "report --from " SCRATCH "/a.json"), 0);
	assert_says("Procedure call");
	assert_says("not in the document");
	assert_says("not asked");
	assert_int_equal(shell(KBENCH "report --json --from " SCRATCH "/a.json"), 0);
	json_t *document = parse_output();
	json_array_foreach(json_object_get(document, "rows"), i, row) measured +=
		json_object_get(row, "measured") != NULL;
	assert_int_equal(measured, 2);
	json_decref(document);
	assert_int_equal(shell(KBENCH "report --from /dev/null 2>&1"), 1);
	(void)shell("rm -rf " SCRATCH);
}

/* What no noise can spoil; the figures themselves are not a matter for tests. */
static void what_misbehaves_is_caught(void **state)
{
	static const struct {
		const char *bench;
		const char *words;
	} cases[] = {
		{"selftest_liar", "work proof failed"},
		{"selftest_crash", "signal 11"},
		{"selftest_hang", "timed out"},
	};
	char command[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(command, sizeof(command), KBENCH "run %s" QUICKLY "2>&1",
			       cases[i].bench);
		assert_int_equal(shell(command), 1);
		assert_says(cases[i].words);
	}
	assert_int_equal(shell(KBENCH "list"), 0);
	assert_null(strstr(output, "selftest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_name_what_there_is),
		cmocka_unit_test(a_suite_keeps_its_time),
		cmocka_unit_test(the_document_goes_to_a_file_too),
		cmocka_unit_test(two_documents_are_compared),
		cmocka_unit_test(a_report_can_be_made_of_a_document),
		cmocka_unit_test(what_misbehaves_is_caught),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
