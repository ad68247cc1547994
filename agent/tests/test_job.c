/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The job document: what is taken from it, and each way a hostile one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"

static json_t *good_document(void)
{
	json_t *document =
		json_loads("{\"schema\": \"kdyno.job/1\", \"attempt_id\": 7, \"phases\": ["
			   "{\"name\": \"one\", \"argv\": [\"/bin/echo\", \"hello\"],"
			   " \"env\": {\"LANG\": \"C\", \"DEPTH\": \"3\"},"
			   " \"timeout_s\": 60, \"term_grace_s\": 5,"
			   " \"output_limit_bytes\": 1024, \"result_format\": \"kbench\"}"
			   "]}",
			   0, NULL);

	assert_non_null(document);
	return document;
}

static json_t *first_phase(json_t *document)
{
	return json_array_get(json_object_get(document, "phases"), 0);
}

static int parse(json_t *document, struct job *job, struct job_error *error)
{
	char *text = json_dumps(document, 0);
	int result;

	assert_non_null(text);
	result = job_parse(text, strlen(text), job, error);
	free(text);
	return result;
}

/* The document, which is let go of, is refused with exactly this reason. */
static void assert_refused(json_t *document, const char *reason)
{
	struct job job;
	struct job_error error;

	assert_int_equal(parse(document, &job, &error), -1);
	assert_string_equal(error.text, reason);
	assert_null(job.document);
	json_decref(document);
}

/* The good document with one member of its phase replaced is refused. */
static void assert_member_refused(const char *member, json_t *value, const char *reason)
{
	json_t *document = good_document();

	assert_non_null(value);
	json_object_set_new(first_phase(document), member, value);
	assert_refused(document, reason);
}

static json_t *long_string(size_t length)
{
	char *text = malloc(length);
	json_t *string;

	assert_non_null(text);
	memset(text, 'x', length);
	string = json_stringn(text, length);
	free(text);
	return string;
}

static void takes_each_member(void **state)
{
	json_t *document = good_document();
	struct job job;
	struct job_error error;
	const struct job_phase *phase;

	(void)state;
	assert_int_equal(parse(document, &job, &error), 0);
	json_decref(document);
	assert_int_equal(job.attempt_id, 7);
	assert_int_equal(job.phase_count, 1);
	phase = &job.phases[0];
	assert_string_equal(phase->name, "one");
	assert_string_equal(phase->argv[0], "/bin/echo");
	assert_string_equal(phase->argv[1], "hello");
	assert_null(phase->argv[2]);
	assert_int_equal(phase->timeout_s, 60);
	assert_int_equal(phase->term_grace_s, 5);
	assert_int_equal(phase->output_limit_bytes, 1024);
	assert_int_equal(phase->result_format, RESULT_KBENCH);
	job_free(&job);
}

static void takes_each_result_format(void **state)
{
	static const struct {
		const char *name;
		enum result_format format;
	} known[] = {
		{"kbench", RESULT_KBENCH},
		{"reaim", RESULT_REAIM},
		{"profile", RESULT_PROFILE},
		{"none", RESULT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		json_t *document = good_document();
		struct job job;
		struct job_error error;

		json_object_set_new(first_phase(document), "result_format",
				    json_string(known[i].name));
		assert_int_equal(parse(document, &job, &error), 0);
		json_decref(document);
		assert_int_equal(job.phases[0].result_format, known[i].format);
		job_free(&job);
	}
}

static void environment_is_base_and_job(void **state)
{
	json_t *document = good_document();
	struct job job;
	struct job_error error;
	char **env;

	(void)state;
	assert_int_equal(parse(document, &job, &error), 0);
	json_decref(document);
	env = job.phases[0].env;
	assert_memory_equal(env[0], "PATH=/", 6);
	assert_string_equal(env[1], "HOME=/");
	assert_string_equal(env[2], "LANG=C"); /* the job's own, in the place of the base one */
	assert_string_equal(env[3], "DEPTH=3");
	assert_null(env[4]);
	job_free(&job);
}

static void takes_the_examples_of_the_contract(void **state)
{
	json_t *contract = json_load_file(CONTRACT_PATH, 0, NULL);
	json_t *schema = json_object_get(json_object_get(contract, "$defs"), "job");
	json_t *example;
	size_t i, taken = 0;

	(void)state;
	json_array_foreach(json_object_get(schema, "examples"), i, example)
	{
		struct job job;
		struct job_error error = {""};

		assert_int_equal(parse(example, &job, &error), 0);
		assert_string_equal(error.text, "");
		job_free(&job);
		taken++;
	}
	assert_true(taken > 0);
	json_decref(contract);
}

static void limits_are_those_of_the_contract(void **state)
{
	json_t *contract = json_load_file(CONTRACT_PATH, 0, NULL);
	json_int_t output_max, phases_max, argv_max;

	(void)state;
	assert_int_equal(json_unpack(contract, "{s:{s:{s:{s:{s:I}, s:{s:I}}}, s:{s:{s:{s:I}}}}}",
				     "$defs", "job_phase", "properties", "output_limit_bytes",
				     "maximum", &output_max, "argv", "maxItems", &argv_max, "job",
				     "properties", "phases", "maxItems", &phases_max),
			 0);
	assert_int_equal(output_max, JOB_OUTPUT_MAX);
	assert_int_equal(argv_max, JOB_ARGV_MAX);
	assert_int_equal(phases_max, JOB_PHASES_MAX);
	json_decref(contract);
}

static void refuses_what_is_not_json(void **state)
{
	static const char *const texts[] = {
		"",  "{",    "null", "[]",
		"7", "\xff", "{}{}", "{\"schema\": \"kdyno.job/1\", \"schema\": \"kdyno.job/1\"}",
	};
	struct job job;
	struct job_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(job_parse(texts[i], strlen(texts[i]), &job, &error), -1);
		assert_null(job.document);
	}
}

static void refuses_deep_nesting(void **state)
{
	size_t length = 100000;
	char *text = malloc(length);
	struct job job;
	struct job_error error;

	(void)state;
	assert_non_null(text);
	memset(text, '[', length);
	assert_int_equal(job_parse(text, length, &job, &error), -1);
	free(text);
}

static void refuses_a_large_document(void **state)
{
	char *text = calloc(1, JOB_DOCUMENT_MAX + 1);
	struct job job;
	struct job_error error;

	(void)state;
	assert_non_null(text);
	assert_int_equal(job_parse(text, JOB_DOCUMENT_MAX + 1, &job, &error), -1);
	assert_string_equal(error.text, "longer than 1048576 bytes");
	free(text);
}

static void refuses_each_truncation(void **state)
{
	json_t *document = good_document();
	char *text = json_dumps(document, 0);

	(void)state;
	assert_non_null(text);
	for (size_t length = 0; length < strlen(text); length++) {
		struct job job;
		struct job_error error;

		assert_int_equal(job_parse(text, length, &job, &error), -1);
	}
	free(text);
	json_decref(document);
}

static void refuses_a_wrong_head(void **state)
{
	json_t *document = good_document();

	(void)state;
	json_object_set_new(document, "schema", json_string("kdyno.job/2"));
	assert_refused(document, "schema: \"kdyno.job/1\" is required");
	document = good_document();
	json_object_set_new(document, "attempt_id", json_string("7"));
	assert_refused(document, "attempt_id: a positive integer is required");
	document = good_document();
	json_object_set_new(document, "attempt_id", json_integer(-7));
	assert_refused(document, "attempt_id: a positive integer is required");
	document = good_document();
	json_object_set_new(document, "phases", json_array());
	assert_refused(document, "phases: an array of 1 to 256 phases is required");
	document = good_document();
	json_array_append_new(json_object_get(document, "phases"), json_null());
	assert_refused(document, "phases[1]: an object is required");
}

static void refuses_too_many_phases(void **state)
{
	json_t *document = good_document();
	json_t *phases = json_object_get(document, "phases");

	(void)state;
	while (json_array_size(phases) <= JOB_PHASES_MAX)
		json_array_append(phases, first_phase(document));
	assert_refused(document, "phases: an array of 1 to 256 phases is required");
}

static void refuses_bad_names(void **state)
{
	static const char required[] =
		"phases[0].name: 1 to 191 of letters, digits and ._:=,/+- are required";
	json_t *document = good_document();

	(void)state;
	assert_member_refused("name", json_string(""), required);
	assert_member_refused("name", json_string("a b"), required);
	assert_member_refused("name", json_string("a\nb"), required);
	assert_member_refused("name", json_integer(1), required);
	assert_member_refused("name", long_string(JOB_NAME_MAX + 1), required);
	json_array_append_new(json_object_get(document, "phases"),
			      json_deep_copy(first_phase(document)));
	assert_refused(document, "phases[1].name: \"one\" is already the name of phase 0");
}

static void refuses_bad_arguments(void **state)
{
	json_t *many = json_array();

	(void)state;
	for (size_t i = 0; i <= JOB_ARGV_MAX; i++)
		json_array_append_new(many, json_string("/bin/true"));
	assert_member_refused("argv", many,
			      "phases[0].argv: an array of 1 to 256 strings is required");
	assert_member_refused("argv", json_array(),
			      "phases[0].argv: an array of 1 to 256 strings is required");
	assert_member_refused("argv", json_string("/bin/true"),
			      "phases[0].argv: an array of 1 to 256 strings is required");
	assert_member_refused("argv", json_pack("[s, i]", "/bin/true", 1),
			      "phases[0].argv[1]: a string is required");
	assert_member_refused("argv", json_pack("[s]", "true"),
			      "phases[0].argv[0]: an absolute path is required");
	assert_member_refused("argv", json_pack("[s, o]", "/x", long_string(JOB_STRING_MAX + 1)),
			      "phases[0].argv[1]: longer than 4096 bytes");
}

static void refuses_bad_environments(void **state)
{
	json_t *many = json_object();
	char name[16];

	(void)state;
	for (int i = 0; i <= JOB_ENV_MAX; i++) {
		snprintf(name, sizeof(name), "V%d", i);
		json_object_set_new(many, name, json_string(""));
	}
	assert_member_refused("env", many, "phases[0].env: more than 64 variables");
	assert_member_refused("env", json_array(), "phases[0].env: an object is required");
	assert_member_refused("env", json_pack("{s:s}", "A=B", ""),
			      "phases[0].env: \"A=B\" is no name of a variable");
	assert_member_refused("env", json_pack("{s:s}", "", ""),
			      "phases[0].env: \"\" is no name of a variable");
	assert_member_refused("env", json_pack("{s:i}", "A", 1),
			      "phases[0].env.A: a string of at most 4096 bytes is required");
}

static void refuses_bad_numbers(void **state)
{
	(void)state;
	assert_member_refused("timeout_s", json_integer(0),
			      "phases[0].timeout_s: must be between 1 and 86400");
	assert_member_refused("timeout_s", json_real(1.5),
			      "phases[0].timeout_s: an integer is required");
	assert_member_refused("term_grace_s", json_integer(-1),
			      "phases[0].term_grace_s: must be between 0 and 300");
	assert_member_refused("output_limit_bytes", json_integer(INT64_MAX),
			      "phases[0].output_limit_bytes: must be between 1 and 15728640");
	assert_member_refused("output_limit_bytes", json_null(),
			      "phases[0].output_limit_bytes: an integer is required");
	assert_member_refused("result_format", json_string("xml"),
			      "phases[0].result_format: kbench, reaim, profile or none is "
			      "required");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_member),
		cmocka_unit_test(takes_each_result_format),
		cmocka_unit_test(environment_is_base_and_job),
		cmocka_unit_test(takes_the_examples_of_the_contract),
		cmocka_unit_test(limits_are_those_of_the_contract),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(refuses_a_large_document),
		cmocka_unit_test(refuses_each_truncation),
		cmocka_unit_test(refuses_a_wrong_head),
		cmocka_unit_test(refuses_too_many_phases),
		cmocka_unit_test(refuses_bad_names),
		cmocka_unit_test(refuses_bad_arguments),
		cmocka_unit_test(refuses_bad_environments),
		cmocka_unit_test(refuses_bad_numbers),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
