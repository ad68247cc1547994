/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, good and hostile. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

static const char good_line[] =
	"console=ttyS0,115200 kdyno.server=http://10.0.2.100:80 kdyno.attempt=7 kdyno.token=Ab-_9 "
	"kdyno.ip=10.0.2.15 kdyno.netmask=255.255.255.0 kdyno.gateway=10.0.2.2 "
	"kdyno.image=debian-12-0123 kdyno.disk=/dev/vda\n";

static void test_a_good_line(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	assert_int_equal(options_parse(good_line, &options, &error), 0);
	assert_string_equal(options.server_name, "10.0.2.100:80");
	assert_int_equal(ntohs(options.server.sin_port), 80);
	assert_int_equal(ntohl(options.server.sin_addr.s_addr), 0x0a000264);
	assert_int_equal(options.attempt_id, 7);
	assert_string_equal(options.token, "Ab-_9");
	assert_string_equal(options.image_id, "debian-12-0123");
	assert_string_equal(options.disk, "/dev/vda");
	assert_true(options.has_gateway);
}

/* The good line with one more word at its end; the last one wins, as in the kernel. */
static int parse_with(const char *word, struct options *options, struct error *error)
{
	char line[2048];

	snprintf(line, sizeof(line), "%s %s", good_line, word);
	return options_parse(line, options, error);
}

static void test_a_bad_word_is_named(void **state)
{
	static const struct {
		const char *word, *named;
	} cases[] = {
		{"kdyno.server=https://10.0.2.100", "kdyno.server"},
		{"kdyno.server=http://lab.example", "kdyno.server"},
		{"kdyno.server=http://10.0.2.100:0", "kdyno.server"},
		{"kdyno.server=http://10.0.2.100:65536", "kdyno.server"},
		{"kdyno.server=http://10.0.2.100:8x", "kdyno.server"},
		{"kdyno.attempt=-1", "kdyno.attempt"},
		{"kdyno.attempt=7x", "kdyno.attempt"},
		{"kdyno.attempt=99999999999999999999", "kdyno.attempt"},
		{"kdyno.attempt=", "kdyno.attempt"},
		{"kdyno.token=", "kdyno.token"},
		{"kdyno.token=a\"b", "kdyno.token"},
		{"kdyno.image=../../etc", "kdyno.image"},
		{"kdyno.image=..", "kdyno.image"},
		{"kdyno.image=a/b", "kdyno.image"},
		{"kdyno.disk=/etc/passwd", "kdyno.disk"},
		{"kdyno.disk=/dev/../etc/passwd", "kdyno.disk"},
		{"kdyno.ip=", "kdyno.ip"},
		{"kdyno.ip=10.0.2", "kdyno.ip"},
		{"kdyno.netmask=24", "kdyno.netmask"},
	};
	struct options options;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse_with(cases[i].word, &options, &error), -1);
		assert_non_null(strstr(error.message, cases[i].named));
	}
}

static void test_a_missing_word_is_named(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	assert_int_equal(options_parse("", &options, &error), -1);
	assert_string_equal(error.message, "command line: kdyno.server is missing");
	assert_int_equal(
		options_parse("kdyno.server=http://10.0.2.100 xkdyno.attempt=7", &options, &error),
		-1);
	assert_string_equal(error.message, "command line: kdyno.attempt is missing");
}

static void test_a_word_that_is_too_long_is_refused(void **state)
{
	char word[600] = "kdyno.token=";
	struct options options;
	struct error error;

	(void)state;
	memset(word + strlen(word), 'a', 500);
	assert_int_equal(parse_with(word, &options, &error), -1);
	assert_string_equal(error.message, "command line: kdyno.token is too long");
}

static void test_no_gateway_is_fine(void **state)
{
	struct options options;
	struct error error;

	(void)state;
	assert_int_equal(parse_with("kdyno.gateway=", &options, &error), 0);
	assert_false(options.has_gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_line),
		cmocka_unit_test(test_a_bad_word_is_named),
		cmocka_unit_test(test_a_missing_word_is_named),
		cmocka_unit_test(test_a_word_that_is_too_long_is_refused),
		cmocka_unit_test(test_no_gateway_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
