/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BLAKE2b-256 against digests made by another implementation (Python's hashlib, libb2). */
#include "blake2b.h"
#include "manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_digest(const void *data, size_t bytes, const char *expected)
{
	uint8_t digest[BLAKE2B_256_BYTES];
	char hex[65];

	blake2b_256(data, bytes, digest);
	manifest_format_digest(digest, hex);
	assert_string_equal(hex, expected);
}

static void test_known_digests(void **state)
{
	(void)state;
	assert_digest("", 0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	assert_digest("abc", 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

/* The lengths around a block are where buffering goes wrong. */
static void test_lengths_around_a_block(void **state)
{
	static const struct {
		size_t bytes;
		const char *digest;
	} cases[] = {
		{1, "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"},
		{127, "4ff62e7c4c43fe101a078479c48836be4907d9d498dcc577ca89d694b2c11f9b"},
		{128, "14696d2a98d9f8a280da8b132b1045b345e1033759c6b02fcc4ee885c8ae7c37"},
		{129, "3934215260b1039be9d9d2b073b059bcd50120c327a22af93eb4d98cf821c14c"},
		{255, "a3bb8b4fa098078d32bb5a89e905e237862fd83e99141ca7d8a073bb268ba2a0"},
		{256, "3d0cb2693dfbac42af5a6cc960953fea8714aa39c4bcd054ef61d6b5e98ade4a"},
		{257, "63cb41934eb22ceb359755501ea299abcd784306baf8845ad6b97ff0828b7cfe"},
		{1000, "6ac4bea923678eb024090384d6e767b5870f849057dc19b172d8d9f2df30bf8e"},
	};
	uint8_t data[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_digest(data, cases[i].bytes, cases[i].digest);
}

static void test_pieces_give_the_same_as_the_whole(void **state)
{
	uint8_t data[777], whole[BLAKE2B_256_BYTES], pieces[BLAKE2B_256_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i ^ i >> 3);
	blake2b_256(data, sizeof(data), whole);
	for (size_t step = 1; step <= 300; step += 13) {
		struct blake2b hash;

		blake2b_256_init(&hash);
		for (size_t done = 0; done < sizeof(data); done += step) {
			size_t left = sizeof(data) - done;

			blake2b_256_update(&hash, data + done, left < step ? left : step);
		}
		blake2b_256_final(&hash, pieces);
		assert_memory_equal(whole, pieces, sizeof(whole));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_digests),
		cmocka_unit_test(test_lengths_around_a_block),
		cmocka_unit_test(test_pieces_give_the_same_as_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
