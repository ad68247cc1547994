/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON documents; schema/reaim-1.schema.json says what is in them. */
#ifndef KDYNO_REAIM_DOCUMENT_H
#define KDYNO_REAIM_DOCUMENT_H

#include "run.h"

/* Complain and return EXIT_FAILED when one cannot be written. */
int document_write(const struct run *run);

void list_write(FILE *out, bool json);
void plan_write(FILE *out, const struct run *run);

#endif
