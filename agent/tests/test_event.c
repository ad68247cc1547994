/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of events: what strangers print must not break them, and numbers stay as printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"

static const struct facts facts = {
	.uname_release = "6.1.0-kdyno", .boot_id = "boot-1", .cpus = 2, .mem_kb = 1000};
static const struct event_head head = {.phase = "p", .seq = 2, .facts = &facts};

static void assert_cleaned(const char *dirty, const char *clean)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", dirty);
	event_clean_text(text);
	assert_string_equal(text, clean);
}

static void cleans_text(void **state)
{
	(void)state;
	assert_cleaned("plain\ttext\n", "plain\ttext\n");
	assert_cleaned("gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x90\xa7",
		       "gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x90\xa7");
	assert_cleaned("\x1b[31mred\r\x7f", "?[31mred??");
	assert_cleaned("\xff\xfe", "??");
	assert_cleaned("\xc0\x80", "??");	    /* overlong */
	assert_cleaned("\xed\xa0\x80", "???");	    /* surrogate */
	assert_cleaned("\xf4\x90\x80\x80", "????"); /* beyond Unicode */
	assert_cleaned("cut \xe2\x82", "cut ??");
}

static void result_keeps_the_document(void **state)
{
	char printed[] = "{\"median\": 25.1,\n \"samples\": [0.1, 1e3],\r\n \"s\": \"a\\nb\"}\n";
	struct buffer document = {.data = printed, .length = strlen(printed)};
	struct buffer text = {0};
	json_t *event;

	(void)state;
	assert_int_equal(event_result(&head, &document, &text), 0);
	assert_null(strchr(text.data, '\n'));
	assert_non_null(strstr(text.data, "\"median\": 25.1,  \"samples\": [0.1, 1e3],"));
	event = json_loads(text.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(event, "kind")), "result");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(event, "document"), "s")),
		"a\nb");
	json_decref(event);
	buffer_free(&text);
}

static void phase_finished_tells_all(void **state)
{
	struct phase_report report = {.outcome = PHASE_TIMEOUT,
				      .exit_code = -1,
				      .signal = 9,
				      .duration_ms = 1234,
				      .reason = "still \x01 running",
				      .stderr_tail = "bad \xff byte"};
	struct buffer text = {0};
	json_t *event;

	(void)state;
	assert_int_equal(event_phase_finished(&head, &report, &text), 0);
	event = json_loads(text.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(event, "outcome")), "timeout");
	assert_true(json_is_null(json_object_get(event, "exit_code")));
	assert_int_equal(json_integer_value(json_object_get(event, "signal")), 9);
	assert_int_equal(json_integer_value(json_object_get(event, "duration_ms")), 1234);
	assert_string_equal(json_string_value(json_object_get(event, "stderr_tail")), "bad ? byte");
	assert_string_equal(json_string_value(json_object_get(event, "reason")), "still ? running");
	json_decref(event);
	buffer_free(&text);
}

static void facts_hide_the_token(void **state)
{
	char cmdline[] = "quiet kdyno.token=s3cret kdyno.attempt=7 kdyno.token=x";

	(void)state;
	facts_blank_token(cmdline);
	assert_string_equal(cmdline, "quiet kdyno.token=****** kdyno.attempt=7 kdyno.token=*");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans_text),
		cmocka_unit_test(result_keeps_the_document),
		cmocka_unit_test(phase_finished_tells_all),
		cmocka_unit_test(facts_hide_the_token),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
