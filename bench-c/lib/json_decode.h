/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What json_read.c and its parts have between them. */
#ifndef KDYNO_JSON_DECODE_H
#define KDYNO_JSON_DECODE_H

#include "json_read.h"

/* Decode the string whose opening quote is at *at, in place: no escape is shorter than what it
 * stands for. *at is then behind the closing quote. NULL, or what is wrong there. */
const char *json_decode(char **at, const char **text);

/* A new value that lives as long as the document; NULL when out of memory. */
struct json_value *json_document_add(struct json_document *document);

#endif
