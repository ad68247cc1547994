// SPDX-License-Identifier: GPL-2.0-or-later
#include "json_read.h"

#include "json_decode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct json_document *document;
	char *at;
	char *end; /* points to a NUL, which is no JSON, so that looking one ahead is safe */
	const char *line_begin;
	size_t line;
	unsigned depth;
	char *complaint;
	size_t complaint_size;
};

__attribute__((format(printf, 2, 3))) static bool complain(struct reader *reader,
							   const char *format, ...)
{
	va_list arguments;
	char words[128];

	va_start(arguments, format);
	(void)vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	(void)snprintf(reader->complaint, reader->complaint_size, "line %zu, column %zu: %s",
		       reader->line, (size_t)(reader->at - reader->line_begin) + 1, words);
	return false;
}

static struct json_value *new_value(struct reader *reader)
{
	struct json_value *value = json_document_add(reader->document);

	if (value == NULL)
		(void)complain(reader, "no memory");
	return value;
}

static void skip_blanks(struct reader *reader)
{
	for (;; reader->at++) {
		if (*reader->at == '\n') {
			reader->line++;
			reader->line_begin = reader->at + 1;
		} else if (*reader->at != ' ' && *reader->at != '\t' && *reader->at != '\r') {
			return;
		}
	}
}

static bool read_string(struct reader *reader, const char **text)
{
	const char *wrong = json_decode(&reader->at, text);

	return wrong == NULL || complain(reader, "%s", wrong);
}

static char *skip_digits(char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

static bool read_number(struct reader *reader, double *number)
{
	char *at = reader->at + (*reader->at == '-');
	char *digits = at;

	at = skip_digits(at);
	bool fine = at > digits && (*digits != '0' || at == digits + 1);
	if (fine && *at == '.') {
		digits = ++at;
		at = skip_digits(at);
		fine = at > digits;
	}
	if (fine && (*at == 'e' || *at == 'E')) {
		at++;
		at += *at == '+' || *at == '-';
		digits = at;
		at = skip_digits(at);
		fine = at > digits;
	}
	if (!fine)
		return complain(reader, "this is no number");
	char after = *at;
	*at = '\0'; /* strtod() takes more than JSON has, such as 0x10 */
	*number = strtod(reader->at, NULL);
	*at = after;
	if (!isfinite(*number))
		return complain(reader, "a number that is too large");
	reader->at = at;
	return true;
}

static bool read_value(struct reader *reader, struct json_value *value);

static bool read_key(struct reader *reader, struct json_value *object, struct json_value *member)
{
	if (*reader->at != '"')
		return complain(reader, "a key in quotes is wanted here");
	if (!read_string(reader, &member->key))
		return false;
	if (object->count == JSON_READ_KEYS_MAX)
		return complain(reader, "more than %d keys in an object", JSON_READ_KEYS_MAX);
	if (json_get(object, member->key) != NULL)
		return complain(reader, "the key %.40s for the second time", member->key);
	skip_blanks(reader);
	if (*reader->at != ':')
		return complain(reader, "a colon is wanted here");
	reader->at++;
	skip_blanks(reader);
	return true;
}

/* The values between the brackets. */
static bool read_container(struct reader *reader, struct json_value *container, char closing)
{
	struct json_value **link = &container->first;

	if (++reader->depth > JSON_READ_DEPTH_MAX)
		return complain(reader, "nested deeper than %d", JSON_READ_DEPTH_MAX);
	reader->at++;
	skip_blanks(reader);
	while (*reader->at != closing || container->count > 0) {
		struct json_value *value = new_value(reader);
		if (value == NULL || (closing == '}' && !read_key(reader, container, value)) ||
		    !read_value(reader, value))
			return false;
		*link = value;
		link = &value->next;
		container->count++;
		skip_blanks(reader);
		if (*reader->at == closing)
			break;
		if (*reader->at != ',')
			return complain(reader, "a comma or %c is wanted here", closing);
		reader->at++;
		skip_blanks(reader);
	}
	reader->at++;
	reader->depth--;
	return true;
}

static bool read_word(struct reader *reader, struct json_value *value)
{
	static const struct {
		const char *word;
		enum json_kind kind;
	} words[] = {{"null", JSON_IS_NULL}, {"false", JSON_IS_FALSE}, {"true", JSON_IS_TRUE}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].word);
		if (strncmp(reader->at, words[i].word, length) != 0)
			continue;
		value->kind = words[i].kind;
		reader->at += length;
		return true;
	}
	return complain(reader, "a value is wanted here");
}

static bool read_value(struct reader *reader, struct json_value *value)
{
	switch (*reader->at) {
	case '{':
		value->kind = JSON_IS_OBJECT;
		return read_container(reader, value, '}');
	case '[':
		value->kind = JSON_IS_ARRAY;
		return read_container(reader, value, ']');
	case '"':
		value->kind = JSON_IS_STRING;
		return read_string(reader, &value->text);
	case '-':
	case '0' ... '9':
		value->kind = JSON_IS_NUMBER;
		return read_number(reader, &value->number);
	default:
		return read_word(reader, value);
	}
}

bool json_read(struct json_document *document, const char *text, size_t size, char *complaint,
	       size_t complaint_size)
{
	*document = (struct json_document){0};
	(void)snprintf(complaint, complaint_size, "larger than %d bytes", JSON_READ_BYTES_MAX);
	if (size > JSON_READ_BYTES_MAX)
		return false;
	(void)snprintf(complaint, complaint_size, "no memory for %zu bytes", size);
	document->text = malloc(size + 1);
	if (document->text == NULL)
		return false;
	memcpy(document->text, text, size);
	document->text[size] = '\0';
	struct reader reader = {.document = document,
				.at = document->text,
				.end = document->text + size,
				.line_begin = document->text,
				.line = 1,
				.complaint = complaint,
				.complaint_size = complaint_size};
	document->root = new_value(&reader);
	skip_blanks(&reader);
	if (document->root == NULL || !read_value(&reader, document->root))
		return false;
	skip_blanks(&reader);
	return reader.at == reader.end || complain(&reader, "something after the end");
}
