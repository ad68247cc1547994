/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of a table in this program to what is to be run. */
#ifndef KDYNO_RESOLVE_H
#define KDYNO_RESOLVE_H

#include "json_read.h"
#include "spec.h"

bool spec_same(const struct spec *a, const struct spec *b);

/* The place in the list, or its length. */
size_t spec_find(const struct spec_list *list, const struct spec *spec);

/* Whether a benchmark of a JSON document is this one. */
bool spec_is_of(const struct spec *spec, const struct json_value *benchmark);

/*
 * As spec_list_add(), but what the list already has is not added again, and words in braces
 * stand for what differs from machine to machine: {cpus}, and {l1}, {l2}, {l3} for a size that
 * fits into that cache and not into the one before.
 */
bool resolve_add(struct spec_list *list, const char *words, unsigned cpus, char *complaint,
		 size_t complaint_size);

/* Whether this machine has a number for each of the words in braces. */
bool resolve_is_possible(const char *words, unsigned cpus);

#endif
