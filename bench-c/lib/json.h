/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes JSON in order. Commas and escapes are its business; matching begin
 * and end, and a key before each value of an object, are the caller's. */
#ifndef KDYNO_JSON_H
#define KDYNO_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
	FILE *out;
	unsigned depth;
	bool has_items[JSON_DEPTH_MAX];
	bool after_key;
	bool failed; /* a number that JSON has no form for was asked for */
};

void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);
void json_key(struct json *json, const char *key);

/* Length of the UTF-8 sequence at `text`, or 0 if it is none (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). */
size_t json_utf8_length(const unsigned char *text);

/* Bytes that are no UTF-8 become U+FFFD. */
void json_put_string(struct json *json, const char *text);

/* The shortest form that reads back as the same double. NaN and infinity write null and set
 * `failed`: a document with them is not to be believed. */
void json_put_number(struct json *json, double number);
void json_put_integer(struct json *json, int64_t number);
void json_put_bool(struct json *json, bool value);

void json_put_string_at(struct json *json, const char *key, const char *text);
void json_put_number_at(struct json *json, const char *key, double number);
void json_put_integer_at(struct json *json, const char *key, int64_t number);
void json_put_bool_at(struct json *json, const char *key, bool value);

#endif
