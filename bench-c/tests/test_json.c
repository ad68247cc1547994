// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct document {
	struct json json;
	char *text;
	size_t size;
};

static void open_document(struct document *document)
{
	*document = (struct document){.text = NULL};
	document->json.out = open_memstream(&document->text, &document->size);
	assert_non_null(document->json.out);
}

/* What a strict parser of another house makes of it. */
static json_t *close_document(struct document *document)
{
	(void)fclose(document->json.out);
	json_t *parsed = json_loads(document->text, JSON_DECODE_ANY, NULL);
	assert_non_null(parsed);
	return parsed;
}

static void drop(struct document *document, json_t *parsed)
{
	json_decref(parsed);
	free(document->text);
}

static void assert_string_is(const char *written, const char *expected)
{
	struct document document;

	open_document(&document);
	json_put_string(&document.json, written);
	json_t *parsed = close_document(&document);
	assert_string_equal(json_string_value(parsed), expected);
	drop(&document, parsed);
}

static void strings_come_back_as_they_were(void **state)
{
	const char *const texts[] = {
		"",	      "plain",	      "quote \" backslash \\ slash /",
		"\b\f\n\r\t", "\x01\x1f\x7f", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_is(texts[i], texts[i]);
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
	(void)state;
	assert_string_is("a\xff"
			 "b",
			 "a\xef\xbf\xbd"
			 "b");
	assert_string_is("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");		  /* overlong */
	assert_string_is("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
	assert_string_is("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
}

static void numbers_come_back_exactly(void **state)
{
	const double numbers[] = {0,
				  1,
				  -2.5,
				  0.1,
				  1.0 / 3,
				  1e-300,
				  1.7976931348623157e308,
				  5e-324,
				  123456789.123456789};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct document document;
		open_document(&document);
		json_put_number(&document.json, numbers[i]);
		json_t *parsed = close_document(&document);
		assert_true(json_number_value(parsed) == numbers[i]);
		drop(&document, parsed);
	}
}

static void a_tenth_is_written_short(void **state)
{
	struct document document;

	(void)state;
	open_document(&document);
	json_put_number(&document.json, 0.1);
	json_t *parsed = close_document(&document);
	assert_string_equal(document.text, "0.1");
	drop(&document, parsed);
}

static void nan_and_infinity_make_the_document_fail(void **state)
{
	const double wrong[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct document document;
		open_document(&document);
		json_put_number(&document.json, wrong[i]);
		json_t *parsed = close_document(&document);
		assert_true(json_is_null(parsed));
		assert_true(document.json.failed);
		drop(&document, parsed);
	}
}

static void containers_nest_with_commas_in_place(void **state)
{
	struct document document;

	(void)state;
	open_document(&document);
	json_begin_object(&document.json);
	json_key(&document.json, "empty");
	json_begin_object(&document.json);
	json_end_object(&document.json);
	json_key(&document.json, "list");
	json_begin_array(&document.json);
	json_put_integer(&document.json, INT64_MIN);
	json_begin_array(&document.json);
	json_end_array(&document.json);
	json_put_bool(&document.json, true);
	json_end_array(&document.json);
	json_put_bool_at(&document.json, "last", false);
	json_end_object(&document.json);
	json_t *parsed = close_document(&document);
	assert_string_equal(document.text, "{\"empty\":{},\"list\":[-9223372036854775808,[],true],"
					   "\"last\":false}\n");
	drop(&document, parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_come_back_as_they_were),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(numbers_come_back_exactly),
		cmocka_unit_test(a_tenth_is_written_short),
		cmocka_unit_test(nan_and_infinity_make_the_document_fail),
		cmocka_unit_test(containers_nest_with_commas_in_place),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
