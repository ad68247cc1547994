/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All operations linked into the program, by name. The linker collects them. */
#ifndef KDYNO_REAIM_CATALOGUE_H
#define KDYNO_REAIM_CATALOGUE_H

#include "reaim_op.h"

size_t catalogue_count(void);
/* The index-th operation in order of name. */
const struct reaim_op *catalogue_at(size_t index);
/* NULL when there is none of that name. */
const struct reaim_op *catalogue_find(const char *name);
/* The name that `name` was probably meant to be, or NULL. */
const char *catalogue_suggest(const char *name);

/* Operations that one job counts for, on a file of `blocks` KiB. */
double operations_per_job(const struct reaim_op *op, size_t blocks);

#endif
