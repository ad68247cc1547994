/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as users write them. All of the text must be the number. */
#ifndef KDYNO_REAIM_NUMBERS_H
#define KDYNO_REAIM_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

bool parse_count(const char *text, long min, long max, long *value);
bool parse_real(const char *text, double *value);
bool parse_unsigned(const char *text, uint64_t *value);
/* "10k", "5M", "1g" or "0"; bytes out. A bare number is refused: nobody can tell its unit. */
bool parse_size(const char *text, uint64_t *bytes);

#endif
