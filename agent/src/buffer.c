/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

int buffer_add(struct buffer *buffer, const void *bytes, size_t count)
{
	size_t wanted = buffer->length + count;

	if (wanted < count || (buffer->limit > 0 && wanted > buffer->limit))
		return -1;
	if (wanted + 1 > buffer->capacity) {
		size_t capacity = buffer->capacity > 0 ? buffer->capacity : 1024;
		char *grown;

		while (capacity < wanted + 1)
			capacity *= 2;
		grown = realloc(buffer->data, capacity);
		if (grown == NULL)
			return -1;
		buffer->data = grown;
		buffer->capacity = capacity;
	}
	if (count > 0)
		memcpy(buffer->data + buffer->length, bytes, count);
	buffer->length = wanted;
	buffer->data[wanted] = '\0';
	return 0;
}

int buffer_add_text(struct buffer *buffer, const char *text)
{
	return buffer_add(buffer, text, strlen(text));
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	buffer->data = NULL;
	buffer->length = 0;
	buffer->capacity = 0;
}
