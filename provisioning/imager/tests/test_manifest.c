/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests, good and hostile. */
#include "image.h"
#include "manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *good_text(void)
{
	uint8_t content[IMAGE_BYTES];

	image_fill(content);
	return image_manifest(content);
}

static void test_a_good_manifest(void **state)
{
	struct manifest manifest;
	struct error error;
	char *text = good_text();

	(void)state;
	assert_int_equal(manifest_parse(text, &manifest, &error), 0);
	assert_string_equal(manifest.image_id, "test-1");
	assert_int_equal(manifest.chunk_count, IMAGE_CHUNKS);
	assert_true(manifest.chunks[1].zero);
	assert_false(manifest.chunks[0].zero);
	assert_int_equal(manifest_chunk_length(&manifest, 0), IMAGE_CHUNK_BYTES);
	assert_int_equal(manifest_chunk_length(&manifest, IMAGE_CHUNKS - 1), 4096);
	manifest_free(&manifest);
	free(text);
}

/* Replaces the first `old` by `new`; both texts are short. */
static char *edited(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *result = malloc(strlen(text) + strlen(new) + 1);

	assert_non_null(at);
	sprintf(result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	return result;
}

static void test_a_damaged_manifest_is_refused(void **state)
{
	static const struct {
		const char *old, *new, *reason;
	} cases[] = {
		{"kdyno-image 1", "kdyno-image 2", "not a kdyno-image of version 1"},
		{"image test-1\n", "image \n", "image id"},
		{"image test-1\n", "", "should say image"},
		{"size_bytes ", "size_bytes -", "size_bytes"},
		{"size_bytes ", "size_bytes 99999999999999999999", "size_bytes"},
		{"size_bytes 86016", "size_bytes 86017", "uneven"},
		{"size_bytes 86016", "size_bytes 0", "zero"},
		{"size_bytes 86016", "size_bytes 86016 ", "size_bytes"},
		{"chunk_bytes 16384", "chunk_bytes 0", "chunk_bytes"},
		{"chunk_bytes 16384", "chunk_bytes 16385", "chunk_bytes"},
		{"chunk_bytes 16384", "chunk_bytes 99999999", "chunk_bytes"},
		{"blake2b-256", "md5", "unknown hash"},
		{"root ", "root g", "root is no digest"},
		{"\n0 ", "\n0 0", "not chunk 0"},
		{"\n1 ", "\n2 ", "not chunk 1"},
		{"\n5 ", "\n", "not chunk 5"},
		{" zero\n", " perhaps\n", "neither zero nor data"},
		{" zero\n", " data\n\n", "not chunk 2"},
		{" data\n", " zero\n", "digest of zeroes"},
		{"5 ", "4 ", "not chunk"},
	};
	char *text = good_text();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct manifest manifest;
		struct error error = {{0}};
		char *damaged = edited(text, cases[i].old, cases[i].new);

		assert_int_equal(manifest_parse(damaged, &manifest, &error), -1);
		if (strstr(error.message, cases[i].reason) == NULL)
			fail_msg("case %zu: %s", i, error.message);
		free(damaged);
	}
	free(text);
}

static void test_a_changed_digest_breaks_the_root(void **state)
{
	struct manifest manifest;
	struct error error;
	char *text = good_text();
	char *digit = strstr(text, "\n3 ") + 3;

	(void)state;
	*digit = *digit == '0' ? '1' : '0';
	assert_int_equal(manifest_parse(text, &manifest, &error), -1);
	assert_string_equal(error.message, "manifest: the root is not the hash of the chunks");
	free(text);
}

/* Every prefix, and text after the end: an answer cut short or padded is never taken. */
static void test_only_the_whole_text_is_taken(void **state)
{
	struct manifest manifest;
	struct error error;
	char *text = good_text();
	size_t length = strlen(text);
	char *padded = malloc(length + 2);

	(void)state;
	sprintf(padded, "%s\n", text);
	assert_int_equal(manifest_parse(padded, &manifest, &error), -1);
	free(padded);
	for (size_t cut = 0; cut < length; cut++) {
		char *prefix = strndup(text, cut);

		assert_int_equal(manifest_parse(prefix, &manifest, &error), -1);
		free(prefix);
	}
	free(text);
}

static void test_noise_is_refused(void **state)
{
	struct manifest manifest;
	struct error error;
	char *text = good_text();
	size_t length = strlen(text);
	unsigned int seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char *noisy = strdup(text);
		size_t at;

		seed = seed * 1103515245 + 12345;
		at = (seed >> 8) % length;
		noisy[at] = (char)(noisy[at] == 'z' ? 'y' : 'z');
		/* Only the image's name may change unnoticed: the caller compares it with the one
		 * asked for. */
		if (manifest_parse(noisy, &manifest, &error) == 0) {
			assert_string_not_equal(manifest.image_id, "test-1");
			manifest_free(&manifest);
		}
		free(noisy);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_manifest),
		cmocka_unit_test(test_a_damaged_manifest_is_refused),
		cmocka_unit_test(test_a_changed_digest_breaks_the_root),
		cmocka_unit_test(test_only_the_whole_text_is_taken),
		cmocka_unit_test(test_noise_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
