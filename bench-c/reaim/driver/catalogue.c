// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalogue.h"

#include "spelling.h"

#include <string.h>

/* Bounds of the section that REAIM_REGISTER fills; made by the linker. Weak, so that a test
 * without operations links too. */
extern const struct reaim_op *const __start_reaim_ops[] __attribute__((weak));
extern const struct reaim_op *const __stop_reaim_ops[] __attribute__((weak));

size_t catalogue_count(void)
{
	return (size_t)(__stop_reaim_ops - __start_reaim_ops);
}

const struct reaim_op *catalogue_at(size_t index)
{
	for (size_t i = 0; i < catalogue_count(); i++) {
		size_t before = 0;
		for (size_t j = 0; j < catalogue_count(); j++)
			before +=
				strcmp(__start_reaim_ops[j]->name, __start_reaim_ops[i]->name) < 0;
		if (before == index)
			return __start_reaim_ops[i];
	}
	return NULL;
}

const struct reaim_op *catalogue_find(const char *name)
{
	for (size_t i = 0; i < catalogue_count(); i++)
		if (strcmp(__start_reaim_ops[i]->name, name) == 0)
			return __start_reaim_ops[i];
	return NULL;
}

const char *catalogue_suggest(const char *name)
{
	size_t best = spelling_tolerance(name);
	const char *suggestion = NULL;

	for (size_t i = 0; i < catalogue_count(); i++) {
		size_t distance = spelling_distance(name, __start_reaim_ops[i]->name);
		if (distance < best) {
			best = distance;
			suggestion = __start_reaim_ops[i]->name;
		}
	}
	return suggestion;
}

double operations_per_job(const struct reaim_op *op, size_t blocks)
{
	if (op->kind == REAIM_DISK && op->operations_per_block > 0)
		return op->operations_per_block * (double)blocks;
	return op->operations;
}
