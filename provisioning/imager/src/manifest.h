/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of chunk hashes that says what the disk must hold (`kdyno-image 1`). */
#ifndef KDYNO_IMAGER_MANIFEST_H
#define KDYNO_IMAGER_MANIFEST_H

#include "blake2b.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MANIFEST_BYTES_MAX = 4 << 20,
	CHUNK_BYTES_MIN = 4 << 10,
	CHUNK_BYTES_MAX = 4 << 20,
	CHUNKS_MAX = 32 << 10,
	SECTOR_BYTES =
		4 << 10, /* sizes are multiples of this, so that every transfer may be direct */
};

struct chunk {
	uint8_t digest[BLAKE2B_256_BYTES];
	bool zero;
};

struct manifest {
	char image_id[129];
	uint64_t size_bytes;
	size_t chunk_bytes;
	size_t chunk_count;
	uint8_t root[BLAKE2B_256_BYTES];
	struct chunk *chunks;
};

/* Parses `text`, which ends with a NUL, and proves it consistent: the order is complete, the root
 * is the hash of the digests, zero chunks have the digest of zeroes. On success manifest_free() is
 * due. */
int manifest_parse(const char *text, struct manifest *manifest, struct error *error);
void manifest_free(struct manifest *manifest);

/* The last chunk may be shorter than the others. */
size_t manifest_chunk_length(const struct manifest *manifest, size_t index);

/* `hex` gets 64 digits and a NUL. */
void manifest_format_digest(const uint8_t digest[static BLAKE2B_256_BYTES], char hex[static 65]);

#endif
