/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *next;
	unsigned int line_number;
	char line[256];
};

static int next_line(struct cursor *cursor, struct error *error)
{
	size_t length = strcspn(cursor->next, "\n");

	cursor->line_number++;
	if (cursor->next[length] != '\n')
		return error_set(error, "manifest: ends early, in line %u", cursor->line_number);
	if (length >= sizeof(cursor->line))
		return error_set(error, "manifest: line %u is too long", cursor->line_number);
	memcpy(cursor->line, cursor->next, length);
	cursor->line[length] = '\0';
	cursor->next += length + 1;
	return 0;
}

/* Reads the next line, which must be `key value`, and returns the value. */
static const char *next_value(struct cursor *cursor, const char *key, struct error *error)
{
	size_t length = strlen(key);

	if (next_line(cursor, error) < 0)
		return NULL;
	if (strncmp(cursor->line, key, length) != 0 || cursor->line[length] != ' ') {
		error_set(error, "manifest: line %u should say %s", cursor->line_number, key);
		return NULL;
	}
	return cursor->line + length + 1;
}

static int parse_decimal(const char **text, uint64_t highest, uint64_t *number)
{
	const char *next = *text;
	uint64_t value = 0;

	if (*next < '0' || *next > '9')
		return -1;
	for (; *next >= '0' && *next <= '9'; next++) {
		value = value * 10 + (uint64_t)(*next - '0');
		if (value > highest)
			return -1;
	}
	*number = value;
	*text = next;
	return 0;
}

static int next_decimal(struct cursor *cursor, const char *key, uint64_t highest, uint64_t *number,
			struct error *error)
{
	const char *value = next_value(cursor, key, error);

	if (value == NULL)
		return -1;
	if (parse_decimal(&value, highest, number) < 0 || *value != '\0')
		return error_set(error, "manifest: %s is no number up to %llu", key,
				 (unsigned long long)highest);
	return 0;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int parse_digest(const char **text, uint8_t *digest)
{
	for (size_t i = 0; i < BLAKE2B_256_BYTES; i++) {
		int high = hex_digit((*text)[2 * i]);
		int low = high < 0 ? -1 : hex_digit((*text)[2 * i + 1]);

		if (low < 0)
			return -1;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	*text += 2 * BLAKE2B_256_BYTES;
	return 0;
}

static int parse_head(struct cursor *cursor, struct manifest *manifest, struct error *error)
{
	uint64_t chunk_bytes;
	const char *value;

	if (next_line(cursor, error) < 0)
		return -1;
	if (strcmp(cursor->line, "kdyno-image 1") != 0)
		return error_set(error, "manifest: not a kdyno-image of version 1");
	value = next_value(cursor, "image", error);
	if (value == NULL)
		return -1;
	if (*value == '\0' || strlen(value) >= sizeof(manifest->image_id))
		return error_set(error, "manifest: the image id is empty or too long");
	strcpy(manifest->image_id, value);
	if (next_decimal(cursor, "size_bytes", (uint64_t)CHUNKS_MAX * CHUNK_BYTES_MAX,
			 &manifest->size_bytes, error) < 0 ||
	    next_decimal(cursor, "chunk_bytes", CHUNK_BYTES_MAX, &chunk_bytes, error) < 0)
		return -1;
	if (chunk_bytes < CHUNK_BYTES_MIN || chunk_bytes % SECTOR_BYTES != 0)
		return error_set(error, "manifest: chunk_bytes is too small or uneven");
	if (manifest->size_bytes == 0 || manifest->size_bytes % SECTOR_BYTES != 0)
		return error_set(error, "manifest: size_bytes is zero or uneven");
	manifest->chunk_bytes = chunk_bytes;
	manifest->chunk_count = (manifest->size_bytes + chunk_bytes - 1) / chunk_bytes;
	if (manifest->chunk_count > CHUNKS_MAX)
		return error_set(error, "manifest: more than %d chunks", CHUNKS_MAX);
	value = next_value(cursor, "hash", error);
	if (value == NULL)
		return -1;
	if (strcmp(value, "blake2b-256") != 0)
		return error_set(error, "manifest: unknown hash");
	value = next_value(cursor, "root", error);
	if (value == NULL)
		return -1;
	if (parse_digest(&value, manifest->root) < 0 || *value != '\0')
		return error_set(error, "manifest: the root is no digest");
	return 0;
}

static int parse_chunk(struct cursor *cursor, size_t index, struct chunk *chunk,
		       struct error *error)
{
	const char *next = cursor->line;
	uint64_t seen;

	if (next_line(cursor, error) < 0)
		return -1;
	if (parse_decimal(&next, CHUNKS_MAX, &seen) < 0 || seen != index || *next++ != ' ' ||
	    parse_digest(&next, chunk->digest) < 0 || *next++ != ' ')
		return error_set(error, "manifest: line %u is not chunk %zu", cursor->line_number,
				 index);
	chunk->zero = strcmp(next, "zero") == 0;
	if (!chunk->zero && strcmp(next, "data") != 0)
		return error_set(error, "manifest: chunk %zu is neither zero nor data", index);
	return 0;
}

static int check_zero_chunks(const struct manifest *manifest, struct error *error)
{
	uint8_t digest[BLAKE2B_256_BYTES];
	size_t hashed_length = 0;
	uint8_t *zeroes = calloc(1, manifest->chunk_bytes);

	if (zeroes == NULL)
		return error_set(error, "manifest: out of memory");
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		size_t length = manifest_chunk_length(manifest, i);

		if (!manifest->chunks[i].zero)
			continue;
		if (length != hashed_length) {
			blake2b_256(zeroes, length, digest);
			hashed_length = length;
		}
		if (memcmp(digest, manifest->chunks[i].digest, sizeof(digest)) != 0) {
			free(zeroes);
			return error_set(error, "manifest: chunk %zu has not the digest of zeroes",
					 i);
		}
	}
	free(zeroes);
	return 0;
}

static int parse_body(struct cursor *cursor, struct manifest *manifest, struct error *error)
{
	struct blake2b state;
	uint8_t root[BLAKE2B_256_BYTES];

	blake2b_256_init(&state);
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		if (parse_chunk(cursor, i, &manifest->chunks[i], error) < 0)
			return -1;
		blake2b_256_update(&state, manifest->chunks[i].digest, BLAKE2B_256_BYTES);
	}
	blake2b_256_final(&state, root);
	if (*cursor->next != '\0')
		return error_set(error, "manifest: text after the last chunk");
	if (memcmp(root, manifest->root, sizeof(root)) != 0)
		return error_set(error, "manifest: the root is not the hash of the chunks");
	return check_zero_chunks(manifest, error);
}

int manifest_parse(const char *text, struct manifest *manifest, struct error *error)
{
	struct cursor cursor = {.next = text};

	memset(manifest, 0, sizeof(*manifest));
	if (parse_head(&cursor, manifest, error) < 0)
		return -1;
	manifest->chunks = calloc(manifest->chunk_count, sizeof(*manifest->chunks));
	if (manifest->chunks == NULL)
		return error_set(error, "manifest: out of memory");
	if (parse_body(&cursor, manifest, error) < 0) {
		manifest_free(manifest);
		return -1;
	}
	return 0;
}

void manifest_free(struct manifest *manifest)
{
	free(manifest->chunks);
	manifest->chunks = NULL;
}

size_t manifest_chunk_length(const struct manifest *manifest, size_t index)
{
	uint64_t left = manifest->size_bytes - (uint64_t)index * manifest->chunk_bytes;

	return left < manifest->chunk_bytes ? (size_t)left : manifest->chunk_bytes;
}

void manifest_format_digest(const uint8_t digest[static BLAKE2B_256_BYTES], char hex[static 65])
{
	for (size_t i = 0; i < BLAKE2B_256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
