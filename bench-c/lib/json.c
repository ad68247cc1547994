// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void before_value(struct json *json)
{
	if (!json->after_key && json->depth > 0) {
		if (json->has_items[json->depth])
			(void)fputc(',', json->out);
		json->has_items[json->depth] = true;
	}
	json->after_key = false;
}

static void begin(struct json *json, char bracket)
{
	before_value(json);
	(void)fputc(bracket, json->out);
	if (json->depth + 1 == JSON_DEPTH_MAX)
		abort(); /* depth is fixed by our own document, never by input */
	json->depth++;
	json->has_items[json->depth] = false;
}

static void end(struct json *json, char bracket)
{
	json->depth--;
	(void)fputc(bracket, json->out);
	if (json->depth == 0)
		(void)fputc('\n', json->out);
}

void json_begin_object(struct json *json)
{
	begin(json, '{');
}

void json_end_object(struct json *json)
{
	end(json, '}');
}

void json_begin_array(struct json *json)
{
	begin(json, '[');
}

void json_end_array(struct json *json)
{
	end(json, ']');
}

size_t json_utf8_length(const unsigned char *text)
{
	unsigned char lead = text[0];
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void put_ascii(FILE *out, unsigned char byte)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	const char *found = byte == '\0' ? NULL : strchr(plain, byte);

	if (found != NULL)
		(void)fprintf(out, "\\%c", letter[found - plain]);
	else if (byte < 0x20 || byte == 0x7f)
		(void)fprintf(out, "\\u%04x", byte);
	else
		(void)fputc(byte, out);
}

static void put_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*at != '\0') {
		size_t length = json_utf8_length(at);
		if (length == 1)
			put_ascii(out, *at);
		else if (length == 0)
			(void)fputs("\\ufffd", out);
		else
			(void)fwrite(at, 1, length, out);
		at += length == 0 ? 1 : length;
	}
	(void)fputc('"', out);
}

void json_key(struct json *json, const char *key)
{
	before_value(json);
	put_text(json->out, key);
	(void)fputc(':', json->out);
	json->after_key = true;
}

void json_put_string(struct json *json, const char *text)
{
	before_value(json);
	put_text(json->out, text);
}

void json_put_number(struct json *json, double number)
{
	char text[32];

	before_value(json);
	if (!isfinite(number)) {
		json->failed = true;
		(void)fputs("null", json->out);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	(void)fputs(text, json->out);
}

void json_put_integer(struct json *json, int64_t number)
{
	before_value(json);
	(void)fprintf(json->out, "%" PRId64, number);
}

void json_put_bool(struct json *json, bool value)
{
	before_value(json);
	(void)fputs(value ? "true" : "false", json->out);
}

void json_put_string_at(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_put_string(json, text);
}

void json_put_number_at(struct json *json, const char *key, double number)
{
	json_key(json, key);
	json_put_number(json, number);
}

void json_put_integer_at(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_put_integer(json, number);
}

void json_put_bool_at(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_put_bool(json, value);
}
