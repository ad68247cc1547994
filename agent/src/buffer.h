/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing byte buffer with a hard upper limit. */
#ifndef KDYNO_BUFFER_H
#define KDYNO_BUFFER_H

#include <stddef.h>

struct buffer {
	char *data; /* NUL-terminated once anything was added */
	size_t length;
	size_t capacity;
	size_t limit; /* bytes; 0 means no limit */
};

/* Adds bytes. Returns 0, or -1 with nothing added: over the limit, or out of memory. */
int buffer_add(struct buffer *buffer, const void *bytes, size_t count);
int buffer_add_text(struct buffer *buffer, const char *text);

/* Empties the buffer and gives its memory back; the limit stays. */
void buffer_free(struct buffer *buffer);

#endif
