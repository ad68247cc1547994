// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.h"

#include "json.h"
#include "provenance.h"

#include <math.h>
#include <stdio.h>

enum { TEXT_LENGTH = 24 };

struct scale {
	double unit;
	const char *name;
};

static const struct scale times[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}, {0, NULL}};
static const struct scale bandwidths[] = {{1e6, "MB/s"}, {1e9, "GB/s"}, {0, NULL}};
static const struct scale sizes[] = {{1 << 20, "MiB"}, {1 << 30, "GiB"}, {0, NULL}};
static const struct scale *const scales[] = {
	[QUANTITY_TIME] = times, [QUANTITY_BANDWIDTH] = bandwidths, [QUANTITY_SIZE] = sizes};
static const char *const units[] = {
	[QUANTITY_TIME] = "ns", [QUANTITY_BANDWIDTH] = "B/s", [QUANTITY_SIZE] = "B"};

static void write_quantity(double value, enum quantity quantity, char text[TEXT_LENGTH])
{
	const struct scale *scale = scales[quantity];

	if (isnan(value)) {
		(void)snprintf(text, TEXT_LENGTH, "-");
		return;
	}
	while (scale[1].name != NULL && fabs(value) >= 0.9995 * scale[1].unit)
		scale++;
	(void)snprintf(text, TEXT_LENGTH, "%.4g %s", value / scale->unit, scale->name);
}

static enum quantity basis_quantity(size_t figure)
{
	if (figure == BASIS_COPY)
		return QUANTITY_BANDWIDTH;
	return figure == BASIS_FREE_MEMORY ? QUANTITY_SIZE : QUANTITY_TIME;
}

static void print_basis(const struct machine *machine)
{
	char text[TEXT_LENGTH];

	(void)printf("%s\n\nbasic figures of this machine\n", machine->host);
	for (size_t i = 0; i < BASIS_COUNT; i++) {
		write_quantity(machine->basis.of[i], basis_quantity(i), text);
		(void)printf("  %-26s %12s  %s%s%s\n", basis_sources[i].name, text,
			     basis_sources[i].words == NULL ? "" : basis_sources[i].words,
			     *machine->sources[i].reason == '\0' ? "" : ": ",
			     machine->sources[i].reason);
	}
}

static void print_row(const struct prediction *row, const struct basis *basis,
		      const struct measured *measured)
{
	const struct estimate estimate = row->estimate(basis);
	char hardware[TEXT_LENGTH];
	char software[TEXT_LENGTH];
	char predicted[TEXT_LENGTH];
	char value[TEXT_LENGTH];
	char spread[TEXT_LENGTH];

	write_quantity(estimate.hardware, row->quantity, hardware);
	write_quantity(estimate.software, row->quantity, software);
	write_quantity(estimate.predicted, row->quantity, predicted);
	write_quantity(measured->value, row->quantity, value);
	write_quantity(measured->spread, row->quantity, spread);
	(void)printf("%-24s %12s %12s %12s ", row->operation, hardware, software, predicted);
	if (isnan(measured->value))
		(void)printf("%s\n", measured->reason);
	else if (isnan(estimate.predicted))
		(void)printf("%12s %12s %8s\n", value, spread, "-");
	else
		(void)printf("%12s %12s %8.2f\n", value, spread,
			     measured->value / estimate.predicted);
}

void machine_text(const struct machine *machine)
{
	print_basis(machine);
	(void)printf("\n%-24s %12s %12s %12s %12s %12s %8s\n", "operation", "hardware", "software",
		     "predicted", "measured", "spread", "ratio");
	for (size_t i = 0; i < prediction_count; i++)
		print_row(&predictions[i], &machine->basis, &machine->rows[i]);
	(void)printf("\nhow each was predicted\n");
	for (size_t i = 0; i < prediction_count; i++)
		(void)printf("  %-24s %s\n", predictions[i].operation, predictions[i].reasoning);
	(void)printf(
		"\nSpread is the median absolute deviation of the samples. Tasks share one CPU.\n");
}

/* JSON has no form for what is not known: the key is left out. */
static void put_known(struct json *json, const char *key, double value)
{
	if (!isnan(value))
		json_put_number_at(json, key, value);
}

static void put_row(struct json *json, const struct prediction *row, const struct basis *basis,
		    const struct measured *measured)
{
	const struct estimate estimate = row->estimate(basis);

	json_begin_object(json);
	json_put_string_at(json, "operation", row->operation);
	json_put_string_at(json, "benchmark", row->words == NULL ? "" : row->words);
	json_put_string_at(json, "unit", units[row->quantity]);
	put_known(json, "base_hardware", estimate.hardware);
	put_known(json, "software_overhead", estimate.software);
	put_known(json, "predicted", estimate.predicted);
	put_known(json, "measured", measured->value);
	if (!isnan(measured->value)) {
		put_known(json, "spread", measured->spread);
		put_known(json, "ratio", measured->value / estimate.predicted);
	}
	json_put_string_at(json, "reasoning", row->reasoning);
	json_put_string_at(json, "reason", measured->reason);
	json_end_object(json);
}

void machine_json(const struct machine *machine)
{
	struct json json = {.out = stdout};

	json_begin_object(&json);
	json_put_string_at(&json, "schema", "kdyno.kbench.report/1");
	provenance_json(&json);
	json_put_string_at(&json, "figures_of", machine->host);
	json_key(&json, "basis");
	json_begin_object(&json);
	for (size_t i = 0; i < BASIS_COUNT; i++)
		put_known(&json, basis_sources[i].name, machine->basis.of[i]);
	json_end_object(&json);
	json_key(&json, "rows");
	json_begin_array(&json);
	for (size_t i = 0; i < prediction_count; i++)
		put_row(&json, &predictions[i], &machine->basis, &machine->rows[i]);
	json_end_array(&json);
	json_end_object(&json);
}
