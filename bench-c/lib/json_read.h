/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads JSON (RFC 8259) and nothing laxer: no comments, no trailing commas, UTF-8 only, no key
 * twice in an object, no number that a double cannot hold, no NUL character in a string. Depth,
 * size and keys per object are limited, so that a wrong file costs no more than a message.
 */
#ifndef KDYNO_JSON_READ_H
#define KDYNO_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

enum {
	JSON_READ_DEPTH_MAX = 64,
	JSON_READ_KEYS_MAX = 1000, /* of one object */
	JSON_READ_BYTES_MAX = 256 * 1024 * 1024,
};

enum json_kind {
	JSON_IS_NULL,
	JSON_IS_FALSE,
	JSON_IS_TRUE,
	JSON_IS_NUMBER,
	JSON_IS_STRING,
	JSON_IS_ARRAY,
	JSON_IS_OBJECT
};

struct json_value {
	enum json_kind kind;
	double number;
	const char *text;	  /* of a string */
	const char *key;	  /* of a member of an object */
	struct json_value *first; /* of an array or object, in order of the file */
	struct json_value *next;
	size_t count; /* values in it */
};

struct json_block;
struct json_document {
	struct json_value *root;
	char *text;		   /* strings point into it */
	struct json_block *blocks; /* values live in them */
};

/* False and a complaint that names line and column. The document is to be freed either way. */
bool json_read(struct json_document *document, const char *text, size_t size, char *complaint,
	       size_t complaint_size);
bool json_read_file(struct json_document *document, const char *path, char *complaint,
		    size_t complaint_size);
void json_document_free(struct json_document *document);

/* The member, or NULL where there is none or `object` is none (NULL included). */
const struct json_value *json_get(const struct json_value *object, const char *key);

/* What the member holds, or `otherwise` where it is absent or of another kind. */
const char *json_text_of(const struct json_value *object, const char *key, const char *otherwise);
double json_number_of(const struct json_value *object, const char *key, double otherwise);

#endif
