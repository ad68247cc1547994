// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "prediction.h"

#include <math.h>
#include <string.h>

/* Round figures, so that each prediction can be checked by hand. */
static struct basis round_basis(void)
{
	struct basis basis = basis_unknown();

	basis.of[BASIS_CYCLE] = 1;
	basis.of[BASIS_ENTRY] = 100;
	basis.of[BASIS_MEMORY] = 64;
	basis.of[BASIS_COPY] = 4e9;
	basis.of[BASIS_FAULT] = 1000;
	basis.of[BASIS_SWITCH] = 2000;
	basis.of[BASIS_DISK] = 50e3;
	basis.of[BASIS_SEEK] = 0;
	basis.of[BASIS_FREE_MEMORY] = 1e9;
	return basis;
}

static struct estimate estimate_of(const char *operation, const struct basis *basis)
{
	for (size_t i = 0; i < prediction_count; i++)
		if (strcmp(predictions[i].operation, operation) == 0)
			return predictions[i].estimate(basis);
	fail_msg("no row %s", operation);
	return (struct estimate){0};
}

static void predictions_are_what_their_reasons_say(void **state)
{
	static const struct {
		const char *operation;
		double predicted;
	} cases[] = {
		{"Measurement", 70},
		{"Loop", 1},
		{"Procedure call", 5},
		{"System call", 200},
		{"Process creation", 64000},
		{"Thread creation", 9400},
		{"Process switch", 4200},
		{"Thread switch", 1800},
		{"L1 cache access", 4.5},
		{"L2 cache access", 14},
		{"L3 cache access", 50},
		{"Memory access", 130},
		{"Mem read bandwidth", 24e9},
		{"Mem write bandwidth", 12e9},
		{"Page fault", 51000},
		{"RTT local", 24400},
		{"RTT remote", 74400},
		{"Local peak bandwidth", 2e9},
		{"Local conn. setup", 30200},
		{"Remote conn. setup", 80200},
		{"Local conn. teardown", 40200},
		{"File cache size", 1e9},
		{"Local file read (seq)", 89000},
		{"Local file read (rand)", 50000},
		{"Remote file read (seq)", 124400},
		{"Network penalty", 74400},
		{"Contended read (2 proc.)", 100e3},
		{"Contended read (8 proc.)", 400e3},
	};
	const struct basis basis = round_basis();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_double_equal(estimate_of(cases[i].operation, &basis).predicted,
				    cases[i].predicted, 1e-6 * cases[i].predicted);
}

static void a_disk_that_turns_has_to_seek(void **state)
{
	struct basis basis = round_basis();

	(void)state;
	basis.of[BASIS_SEEK] = 10e6;
	assert_double_equal(estimate_of("Local file read (rand)", &basis).predicted, 10.05e6, 1);
	assert_double_equal(estimate_of("Page fault", &basis).predicted, 10.051e6, 1);
}

static void what_is_not_known_is_not_predicted(void **state)
{
	const struct basis basis = basis_unknown();

	(void)state;
	for (size_t i = 0; i < prediction_count; i++) {
		double predicted = predictions[i].estimate(&basis).predicted;
		bool is_constant = strcmp(predictions[i].operation, "Remote peak bandwidth") == 0;
		if (isnan(predicted) == is_constant)
			fail_msg("%s: %g from nothing", predictions[i].operation, predicted);
	}
}

static void hardware_and_software_make_the_prediction(void **state)
{
	const struct basis basis = round_basis();

	(void)state;
	for (size_t i = 0; i < prediction_count; i++) {
		const struct estimate estimate = predictions[i].estimate(&basis);
		double software = isnan(estimate.software) ? 0 : estimate.software;
		assert_double_equal(estimate.hardware + software, estimate.predicted, 1e-6);
		assert_true(estimate.predicted > 0);
		assert_true(strlen(predictions[i].reasoning) > 8);
		assert_null(strchr(predictions[i].reasoning, '\n'));
	}
}

/* The summary table of the course's reports, row by row. */
static void all_rows_of_the_table_are_there(void **state)
{
	(void)state;
	assert_true(prediction_count >= 32);
	for (size_t i = 0; i < prediction_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(predictions[i].operation, predictions[j].operation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predictions_are_what_their_reasons_say),
		cmocka_unit_test(a_disk_that_turns_has_to_seek),
		cmocka_unit_test(what_is_not_known_is_not_predicted),
		cmocka_unit_test(hardware_and_software_make_the_prediction),
		cmocka_unit_test(all_rows_of_the_table_are_there),
	};

	return cmocka_run_group_tests_name("prediction", tests, NULL, NULL);
}
