/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All benchmarks linked into the program, by name. The linker collects them. */
#ifndef KDYNO_REGISTRY_H
#define KDYNO_REGISTRY_H

#include "bench.h"

size_t registry_count(void);

/* The index-th benchmark in order of name. */
const struct bench *registry_at(size_t index);

/* The benchmark of that name, or NULL. */
const struct bench *registry_find(const char *name);

/* The registered name that `name` was probably meant to be, or NULL. */
const char *registry_suggest(const char *name);

/* How long after its time budget a benchmark is killed. */
unsigned registry_timeout_s(const struct bench *bench);

/* What a figure is called and how it is made of the time per operation. */
struct figure_kind {
	const char *metric;
	const char *unit;
	const char *direction;
};
const struct figure_kind *figure_kind(enum bench_figure figure);
double figure_of(enum bench_figure figure, double ns_per_operation, uint64_t bytes_per_operation);

#endif
