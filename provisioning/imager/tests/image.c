/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t chunk_length(size_t index)
{
	size_t left = IMAGE_BYTES - index * IMAGE_CHUNK_BYTES;

	return left < IMAGE_CHUNK_BYTES ? left : IMAGE_CHUNK_BYTES;
}

void image_fill(uint8_t content[static IMAGE_BYTES])
{
	for (size_t i = 0; i < IMAGE_BYTES; i++) {
		size_t chunk = i / IMAGE_CHUNK_BYTES;

		content[i] = chunk == 1 || chunk == 4 ? 0 : (uint8_t)(i * 31 + chunk);
	}
}

char *image_manifest(const uint8_t content[static IMAGE_BYTES])
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	uint8_t digests[IMAGE_CHUNKS][BLAKE2B_256_BYTES], root[BLAKE2B_256_BYTES];
	char hex[65];

	for (size_t i = 0; i < IMAGE_CHUNKS; i++)
		blake2b_256(content + i * IMAGE_CHUNK_BYTES, chunk_length(i), digests[i]);
	blake2b_256(digests, sizeof(digests), root);
	manifest_format_digest(root, hex);
	fprintf(out,
		"kdyno-image 1\nimage test-1\nsize_bytes %d\nchunk_bytes %d\nhash blake2b-256\nroot %s\n",
		IMAGE_BYTES, IMAGE_CHUNK_BYTES, hex);
	for (size_t i = 0; i < IMAGE_CHUNKS; i++) {
		manifest_format_digest(digests[i], hex);
		fprintf(out, "%zu %s %s\n", i, hex, i == 1 || i == 4 ? "zero" : "data");
	}
	fclose(out);
	return text;
}
