// SPDX-License-Identifier: GPL-2.0-or-later
/* The program as its users see it: exit codes, messages and the JSON document. */
#include "cli.h"

static void help_and_version_are_no_errors(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "--help"), 0);
	assert_says("usage:");
	assert_int_equal(shell(KBENCH "--version"), 0);
	assert_says("kbench ");
}

static void wrong_usage_is_2_and_says_what(void **state)
{
	static const struct {
		const char *command;
		const char *words;
	} cases[] = {
		{KBENCH "2>&1", "no command"},
		{KBENCH "dance 2>&1", "unknown command dance"},
		{KBENCH "run 2>&1", "needs the name"},
		{KBENCH "run null --placement there 2>&1", "--placement: there"},
		{KBENCH "run null --time-budget -1 2>&1", "--time-budget: -1"},
		{KBENCH "run null --time-budget nan 2>&1", "--time-budget: nan"},
		{KBENCH "run null --target-rel 1e400 2>&1", "--target-rel: 1e400"},
		{KBENCH "run null --max-samples 2.5 2>&1", "--max-samples: 2.5"},
		{KBENCH "run null --min-samples 50 --max-samples 20 2>&1", "above"},
		{KBENCH "run null --frobnicate 2>&1", "--frobnicate"},
		{KBENCH "run null --placement 2>&1", "--placement"},
		{KBENCH "show 2>&1", "needs one name"},
		{KBENCH "runn 2>&1", "did you mean run?"},
		{KBENCH "help dance 2>&1", "unknown command dance"},
		{KBENCH "list --placement free 2>&1", "--placement"},
		{KBENCH "list lat_pipe 2>&1", "takes no names"},
		{KBENCH "run null --rounds 0 2>&1", "--rounds: 0"},
		{KBENCH "run null --rounds 3 --min-samples 1 --max-samples 2 2>&1",
		 "--rounds is above --max-samples"},
		{KBENCH "run null:copies=0 2>&1", "copies=0"},
		{KBENCH "suite nosuch 2>&1", "no suite nosuch"},
		{KBENCH "suite quick micro 2>&1", "takes one name"},
		{KBENCH "suite quick --time-limit 0 2>&1", "--time-limit: 0"},
		{KBENCH "report null 2>&1", "takes no names"},
		{KBENCH "selftest null 2>&1", "takes no names"},
		{KBENCH "compare /dev/null 2>&1", "needs two files"},
		{KBENCH "serve 2>&1", "ADDRESS:PORT"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(shell(cases[i].command), 2);
		assert_says(cases[i].words);
	}
}

static void unknown_names_get_a_suggestion(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run lat_pip 2>&1"), 2);
	assert_says("did you mean lat_pipe?");
	assert_int_equal(shell(KBENCH "run getppid 2>&1"), 2);
	assert_says("did you mean lat_syscall_getppid?");
	assert_int_equal(shell(KBENCH "show nul 2>&1"), 2);
	assert_says("did you mean null?");
	assert_int_equal(shell(KBENCH "run zzzzzzzzzz 2>&1"), 2);
	assert_says("see kbench list");
	assert_int_equal(shell(KBENCH "run null lat_pip --json 2>/dev/null"), 2);
	assert_string_equal(output, "");
}

/* What each benchmark owes its readers, now and when there are sixty more. */
static void every_benchmark_is_listed_and_documented(void **state)
{
	char command[128];
	size_t i;
	json_t *bench;

	(void)state;
	assert_int_equal(shell(KBENCH "list --json"), 0);
	json_t *list = parse_output();
	assert_true(json_array_size(list) >= 5);
	json_array_foreach(list, i, bench)
	{
		const char *name = json_string_value(json_object_get(bench, "name"));
		assert_true(json_integer_value(json_object_get(bench, "timeout_s")) > 0);
		assert_true(strlen(json_string_value(json_object_get(bench, "summary"))) > 10);
		(void)snprintf(command, sizeof(command), KBENCH "show %s", name);
		assert_int_equal(shell(command), 0);
		assert_true(strlen(output) > 300);
		assert_says("\n\nTimes");
	}
	json_decref(list);
}

static void assert_fields(json_t *object, const char *const *names)
{
	for (; *names != NULL; names++)
		if (json_object_get(object, *names) == NULL)
			fail_msg("no field %s", *names);
}

static void check_metric(json_t *metric, bool may_be_zero)
{
	static const char *const fields[] = {"name",	    "unit",
					     "direction",   "samples",
					     "min",	    "median",
					     "p90",	    "p99",
					     "mad",	    "median_low",
					     "median_high", "confidence",
					     "converged",   "operations_per_sample",
					     NULL};
	json_t *samples = json_object_get(metric, "samples");
	size_t i;
	json_t *sample;

	assert_fields(metric, fields);
	assert_true(json_array_size(samples) >= 1);
	json_array_foreach(samples, i, sample)
		assert_true(may_be_zero || json_number_value(sample) > 0);
	assert_true(json_number_value(json_object_get(metric, "min")) <=
		    json_number_value(json_object_get(metric, "median")));
	assert_true(json_integer_value(json_object_get(metric, "operations_per_sample")) >= 1);
}

static void the_document_has_what_the_contract_says(void **state)
{
	static const char *const host[] = {
		"uname_release",   "machine",	  "cpus_online", "cpu_model",
		"page_size_bytes", "clocksource", "mitigations", NULL};
	static const char *const fields[] = {"name",	   "summary",	    "placement",
					     "parameters", "status",	    "reason",
					     "metrics",	   "counts_per_op", NULL};
	size_t i;
	json_t *bench;
	json_t *metric;
	size_t j;

	(void)state;
	assert_int_equal(
		shell(KBENCH
		      "run null lat_ctx lat_pipe lat_fork_exit lat_syscall_getppid --json" QUICKLY),
		0);
	json_t *document = parse_output();
	assert_string_equal(json_string_value(json_object_get(document, "schema")),
			    "kdyno.kbench/1");
	assert_fields(json_object_get(document, "host"), host);
	json_array_foreach(json_object_get(document, "benchmarks"), i, bench)
	{
		assert_fields(bench, fields);
		assert_string_equal(json_string_value(json_object_get(bench, "status")), "done");
		assert_string_equal(json_string_value(json_object_get(bench, "placement")),
				    "same-cpu");
		const char *name = json_string_value(json_object_get(bench, "name"));
		json_array_foreach(json_object_get(bench, "metrics"), j, metric)
			check_metric(metric, strcmp(name, "null") == 0);
	}
	assert_true(i >= 5);
	json_decref(document);
}

static void lat_ctx_reports_its_overhead(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run lat_ctx --json" QUICKLY), 0);
	json_t *document = parse_output();
	json_t *bench = json_array_get(json_object_get(document, "benchmarks"), 0);
	json_t *metrics = json_object_get(bench, "metrics");
	assert_int_equal(json_array_size(metrics), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(metrics, 1), "name")),
			    "overhead");
	json_decref(document);
}

static void errors_may_be_tolerated_beside_figures(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run null selftest_liar 2>&1" QUICKLY), 1);
	assert_int_equal(shell(KBENCH "run null selftest_liar --tolerate-errors 2>&1" QUICKLY), 0);
	assert_says("ERROR: work proof failed");
	assert_int_equal(shell(KBENCH "run selftest_liar --tolerate-errors 2>&1" QUICKLY), 1);
}

static void all_skipped_is_4(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run null --placement cross-cpu 2>&1"), 4);
	assert_says("SKIP");
}

static void the_table_is_for_people(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run null" QUICKLY), 0);
	assert_says("benchmark");
	assert_says(" ns ");
}

static void a_full_disk_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(shell(KBENCH "run null --json" QUICKLY "2>&1 >/dev/full"), 1);
	assert_says("could not be written");
}

static void every_command_has_help(void **state)
{
	static const char *const commands[] = {"run",	   "suite", "report", "compare",
					       "selftest", "serve", "list",   "show"};
	char command[128];

	(void)state;
	assert_int_equal(shell(KBENCH "help"), 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_says(commands[i]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		(void)snprintf(command, sizeof(command), KBENCH "%s --help", commands[i]);
		assert_int_equal(shell(command), 0);
		assert_says("usage: kbench ");
		(void)snprintf(command, sizeof(command), KBENCH "help %s", commands[i]);
		assert_int_equal(shell(command), 0);
		assert_says(commands[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_and_version_are_no_errors),
		cmocka_unit_test(wrong_usage_is_2_and_says_what),
		cmocka_unit_test(unknown_names_get_a_suggestion),
		cmocka_unit_test(every_benchmark_is_listed_and_documented),
		cmocka_unit_test(the_document_has_what_the_contract_says),
		cmocka_unit_test(lat_ctx_reports_its_overhead),
		cmocka_unit_test(errors_may_be_tolerated_beside_figures),
		cmocka_unit_test(all_skipped_is_4),
		cmocka_unit_test(the_table_is_for_people),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(every_command_has_help),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
