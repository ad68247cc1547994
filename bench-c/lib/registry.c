// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry.h"

#include "spelling.h"

#include <stdlib.h>
#include <string.h>

/* Bounds of the section that BENCH_REGISTER fills; made by the linker. Weak, so that a
 * program without benchmarks links too. */
extern const struct bench *const __start_kdyno_bench[] __attribute__((weak));
extern const struct bench *const __stop_kdyno_bench[] __attribute__((weak));

enum { TIMEOUT_DEFAULT_S = 10 };

static const struct figure_kind kinds[] = {
	[BENCH_LATENCY] = {"latency", "ns/op", "lower"},
	[BENCH_RATE] = {"rate", "op/s", "higher"},
	[BENCH_BANDWIDTH] = {"bandwidth", "B/s", "higher"},
};

size_t registry_count(void)
{
	return (size_t)(__stop_kdyno_bench - __start_kdyno_bench);
}

static int by_name(const void *left, const void *right)
{
	const struct bench *const *a = left;
	const struct bench *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

/* Link order is the Makefile's business; listings are by name. */
const struct bench *registry_at(size_t index)
{
	static const struct bench **sorted;
	size_t count = registry_count();

	if (sorted == NULL && count > 0) {
		sorted = calloc(count, sizeof(struct bench *));
		if (sorted == NULL)
			abort(); /* nothing can be done without a list of benchmarks */
		memcpy(sorted, __start_kdyno_bench, count * sizeof(struct bench *));
		qsort(sorted, count, sizeof(struct bench *), by_name);
	}
	return index < count ? sorted[index] : NULL;
}

const struct bench *registry_find(const char *name)
{
	for (size_t i = 0; i < registry_count(); i++)
		if (strcmp(__start_kdyno_bench[i]->name, name) == 0)
			return __start_kdyno_bench[i];
	return NULL;
}

/* Misspelt, or a part of the full name. */
const char *registry_suggest(const char *name)
{
	size_t best = spelling_tolerance(name);
	const char *suggestion = NULL;

	for (size_t i = 0; i < registry_count(); i++) {
		const char *known = __start_kdyno_bench[i]->name;
		size_t distance = spelling_distance(name, known);
		if (distance < best) {
			best = distance;
			suggestion = known;
		}
	}
	for (size_t i = 0; i < registry_count() && suggestion == NULL; i++)
		if (*name != '\0' && strstr(__start_kdyno_bench[i]->name, name) != NULL)
			suggestion = __start_kdyno_bench[i]->name;
	return suggestion;
}

unsigned registry_timeout_s(const struct bench *bench)
{
	return bench->timeout_s == 0 ? TIMEOUT_DEFAULT_S : bench->timeout_s;
}

const struct figure_kind *figure_kind(enum bench_figure figure)
{
	return &kinds[figure];
}

double figure_of(enum bench_figure figure, double ns_per_operation, uint64_t bytes_per_operation)
{
	switch (figure) {
	case BENCH_RATE:
		return 1e9 / ns_per_operation;
	case BENCH_BANDWIDTH:
		return 1e9 * (double)bytes_per_operation / ns_per_operation;
	case BENCH_LATENCY:
		break;
	}
	return ns_per_operation;
}
