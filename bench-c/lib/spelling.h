/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name somebody probably meant. */
#ifndef KDYNO_SPELLING_H
#define KDYNO_SPELLING_H

#include <stddef.h>

/* Levenshtein: insertions, deletions and replacements that turn one name into the other. */
size_t spelling_distance(const char *from, const char *to);
/* From this distance on two names are not taken for one: a third of `name` may be wrong. */
size_t spelling_tolerance(const char *name);

#endif
