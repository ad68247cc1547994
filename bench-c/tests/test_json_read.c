// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "json_read.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char complaint[256];

static bool reads(struct json_document *document, const char *text)
{
	return json_read(document, text, strlen(text), complaint, sizeof(complaint));
}

static void everything_that_json_has_is_read(void **state)
{
	struct json_document document;
	const struct json_value *list;

	(void)state;
	assert_true(reads(&document, " {\"list\" : [ 1,-2.5e3 , true,false,null,[],{} ],\r\n\t"
				     "\"text\":\"\", \"deep\":{\"er\":{\"est\":7}}} \n"));
	list = json_get(document.root, "list");
	assert_int_equal(list->kind, JSON_IS_ARRAY);
	assert_int_equal(list->count, 7);
	assert_true(list->first->number == 1);
	assert_true(list->first->next->number == -2500);
	assert_int_equal(list->first->next->next->kind, JSON_IS_TRUE);
	assert_string_equal(json_text_of(document.root, "text", "other"), "");
	const struct json_value *deep = json_get(json_get(document.root, "deep"), "er");
	assert_true(json_number_of(deep, "est", 0) == 7);
	json_document_free(&document);
}

static void what_is_absent_or_of_another_kind_is_said_so(void **state)
{
	struct json_document document;

	(void)state;
	assert_true(reads(&document, "{\"a\":1,\"b\":\"x\"}"));
	assert_null(json_get(document.root, "c"));
	assert_null(json_get(json_get(document.root, "c"), "d"));
	assert_null(json_get(json_get(document.root, "a"), "d"));
	assert_string_equal(json_text_of(document.root, "a", "other"), "other");
	assert_true(json_number_of(document.root, "b", 5) == 5);
	assert_true(json_number_of(NULL, "b", 5) == 5);
	json_document_free(&document);
}

static void strings_are_decoded(void **state)
{
	static const struct {
		const char *json;
		const char *text;
	} cases[] = {
		{"\"plain\"", "plain"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
		{"\"\\ud83d\\udc27!\"", "\xf0\x9f\x90\xa7!"},
		{"\"caf\xc3\xa9 \xf0\x9f\x90\xa7\"", "caf\xc3\xa9 \xf0\x9f\x90\xa7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_document document;
		if (!reads(&document, cases[i].json))
			fail_msg("%s: %s", cases[i].json, complaint);
		assert_string_equal(document.root->text, cases[i].text);
		json_document_free(&document);
	}
}

static void numbers_are_exact(void **state)
{
	static const struct {
		const char *json;
		double number;
	} cases[] = {
		{"0", 0},
		{"-0", 0},
		{"0.1", 0.1},
		{"1e-400", 0},
		{"5e-324", 5e-324},
		{"1.7976931348623157e308", 1.7976931348623157e308},
		{"1E+2", 100},
		{"123456789012345678", 123456789012345678.0},
		{"0.30000000000000004", 0.1 + 0.2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_document document;
		if (!reads(&document, cases[i].json))
			fail_msg("%s: %s", cases[i].json, complaint);
		assert_true(document.root->number == cases[i].number);
		json_document_free(&document);
	}
}

static void what_is_malformed_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *json;
		const char *words;
	} cases[] = {
		{"", "line 1, column 1: a value"},
		{"  \n\n  ", "line 3, column 3: a value"},
		{"{", "a key in quotes"},
		{"[", "a value is wanted"},
		{"{\"a\"", "a colon"},
		{"{\"a\":", "a value is wanted"},
		{"{\"a\":1", "a comma or }"},
		{"{\"a\":1,}", "column 8: a key in quotes"},
		{"[1,]", "column 4: a value"},
		{"[,1]", "column 2: a value"},
		{"[1 2]", "column 4: a comma or ]"},
		{"[1}", "a comma or ]"},
		{"{\"a\":1]", "a comma or }"},
		{"{a:1}", "a key in quotes"},
		{"{'a':1}", "a key in quotes"},
		{"{\"a\":1,\n \"b\":2,\n \"a\":3}", "line 3, column 5: the key a for the second"},
		{"[1] 2", "something after the end"},
		{"[1]]", "something after the end"},
		{"nul", "a value is wanted"},
		{"True", "a value is wanted"},
		{"nullx", "something after the end"},
		{"NaN", "a value is wanted"},
		{"Infinity", "a value is wanted"},
		{"-Infinity", "no number"},
		{"01", "no number"},
		{"-", "no number"},
		{"+1", "a value is wanted"},
		{".5", "a value is wanted"},
		{"1.", "no number"},
		{"1e", "no number"},
		{"1e+", "no number"},
		{"0x10", "something after the end"},
		{"1e999", "too large"},
		{"-1e999", "too large"},
		{"// no\n1", "a value is wanted"},
		{"\"abc", "without an end"},
		{"\"a\nb\"", "a control character"},
		{"\"\t\"", "a control character"},
		{"\"\\x\"", "an unknown escape"},
		{"\"\\", "an unknown escape"},
		{"\"\\u12", "four hexadecimal"},
		{"\"\\u12g4\"", "four hexadecimal"},
		{"\"\\u0000\"", "a NUL character"},
		{"\"\\ud800\"", "without the second"},
		{"\"\\ud800\\u0041\"", "without the second"},
		{"\"\\udc00\"", "without the first"},
		{"\"\xff\"", "not UTF-8"},
		{"\"\xc0\xaf\"", "not UTF-8"},
		{"\"\xe2\x82", "not UTF-8"},
		{"\xef\xbb\xbf{}", "a value is wanted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_document document;
		if (reads(&document, cases[i].json))
			fail_msg("%s was accepted", cases[i].json);
		if (strstr(complaint, cases[i].words) == NULL)
			fail_msg("%s: no \"%s\" in %s", cases[i].json, cases[i].words, complaint);
		json_document_free(&document);
	}
}

static void depth_and_keys_have_limits(void **state)
{
	struct json_document document;
	char deep[2 * JSON_READ_DEPTH_MAX + 3];
	char *many = NULL;
	size_t size = 0;

	(void)state;
	memset(deep, '[', JSON_READ_DEPTH_MAX);
	memset(deep + JSON_READ_DEPTH_MAX, ']', JSON_READ_DEPTH_MAX);
	assert_true(
		json_read(&document, deep, 2 * JSON_READ_DEPTH_MAX, complaint, sizeof(complaint)));
	json_document_free(&document);
	memset(deep, '[', sizeof(deep));
	assert_false(json_read(&document, deep, sizeof(deep), complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "nested deeper"));
	json_document_free(&document);

	FILE *out = open_memstream(&many, &size);
	for (int i = 0; i <= JSON_READ_KEYS_MAX; i++)
		(void)fprintf(out, "%s\"%d\":%d", i == 0 ? "{" : ",", i, i);
	(void)fclose(out);
	assert_false(json_read(&document, many, size, complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "keys in an object"));
	json_document_free(&document);
	free(many);
}

static const char example[] =
	"{\"schema\":\"kdyno.kbench/1\",\"n\":[0,-1.5e+3,1E-2],\"s\":\"\\u00e9\\n\\ud83d\\udc27\","
	"\"t\":true,\"f\":false,\"z\":null,\"o\":{\"a\":{},\"b\":[]}}";

/* Whatever is cut off or changed in one byte, the sanitizers see no access out of bounds and we
 * accept exactly what another strict parser does. */
static void damaged_documents_are_judged_as_by_others(void **state)
{
	static const char replacements[] = "\0\"\\{}[],:0-.eu\x80\xff ";
	char text[sizeof(example)];
	struct json_document document;

	(void)state;
	for (size_t cut = 0; cut < sizeof(example) - 1; cut++) {
		char *exact = malloc(cut + 1);
		memcpy(exact, example, cut);
		assert_false(json_read(&document, exact, cut, complaint, sizeof(complaint)));
		json_document_free(&document);
		free(exact);
	}
	for (size_t at = 0; at < sizeof(example) - 1; at++) {
		for (size_t i = 0; i < sizeof(replacements) - 1; i++) {
			memcpy(text, example, sizeof(example));
			text[at] = replacements[i];
			bool ours = json_read(&document, text, sizeof(example) - 1, complaint,
					      sizeof(complaint));
			json_t *theirs = json_loadb(text, sizeof(example) - 1,
						    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
			if (ours != (theirs != NULL))
				fail_msg("byte %zu as %#x: %s", at, (unsigned char)replacements[i],
					 ours ? "accepted" : complaint);
			json_decref(theirs);
			json_document_free(&document);
		}
	}
}

static void a_file_that_cannot_be_read_is_said(void **state)
{
	struct json_document document;

	(void)state;
	assert_false(json_read_file(&document, "/nonexistent/x", complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "No such file"));
	json_document_free(&document);
	assert_false(json_read_file(&document, "/", complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "directory"));
	json_document_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_json_has_is_read),
		cmocka_unit_test(what_is_absent_or_of_another_kind_is_said_so),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_malformed_is_refused_with_its_place),
		cmocka_unit_test(depth_and_keys_have_limits),
		cmocka_unit_test(damaged_documents_are_judged_as_by_others),
		cmocka_unit_test(a_file_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
