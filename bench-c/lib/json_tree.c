// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the values of a JSON document live, and the way to them. */
#include "json_decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_PER_BLOCK = 1024 };

struct json_block {
	struct json_block *next;
	size_t used;
	struct json_value values[VALUES_PER_BLOCK];
};

struct json_value *json_document_add(struct json_document *document)
{
	struct json_block *block = document->blocks;

	if (block == NULL || block->used == VALUES_PER_BLOCK) {
		block = calloc(1, sizeof(*block));
		if (block == NULL)
			return NULL;
		block->next = document->blocks;
		document->blocks = block;
	}
	return &block->values[block->used++];
}

void json_document_free(struct json_document *document)
{
	while (document->blocks != NULL) {
		struct json_block *block = document->blocks;
		document->blocks = block->next;
		free(block);
	}
	free(document->text);
	*document = (struct json_document){0};
}

/* Also from a pipe, whose size nobody knows: the buffer doubles. */
static char *read_all(FILE *file, size_t *size)
{
	size_t room = (size_t)64 * 1024;
	char *text = malloc(room);

	*size = 0;
	while (text != NULL) {
		size_t got = fread(text + *size, 1, room - *size, file);
		*size += got;
		if (got == 0 || *size > JSON_READ_BYTES_MAX)
			return text;
		if (*size < room)
			continue;
		room *= 2;
		char *larger = realloc(text, room);
		if (larger == NULL)
			free(text);
		text = larger;
	}
	return NULL;
}

bool json_read_file(struct json_document *document, const char *path, char *complaint,
		    size_t complaint_size)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	bool fine = false;

	*document = (struct json_document){0};
	if (file == NULL) {
		(void)snprintf(complaint, complaint_size, "%s", strerror(errno));
		return false;
	}
	errno = 0;
	char *text = read_all(file, &size);
	if (text == NULL || ferror(file))
		(void)snprintf(complaint, complaint_size, "%s", strerror(errno == 0 ? EIO : errno));
	else
		fine = json_read(document, text, size, complaint, complaint_size);
	free(text);
	(void)fclose(file);
	return fine;
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
	if (object == NULL || object->kind != JSON_IS_OBJECT)
		return NULL;
	for (const struct json_value *at = object->first; at != NULL; at = at->next)
		if (strcmp(at->key, key) == 0)
			return at;
	return NULL;
}

const char *json_text_of(const struct json_value *object, const char *key, const char *otherwise)
{
	const struct json_value *value = json_get(object, key);

	return value != NULL && value->kind == JSON_IS_STRING ? value->text : otherwise;
}

double json_number_of(const struct json_value *object, const char *key, double otherwise)
{
	const struct json_value *value = json_get(object, key);

	return value != NULL && value->kind == JSON_IS_NUMBER ? value->number : otherwise;
}
