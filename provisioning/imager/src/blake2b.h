/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BLAKE2b with a 256-bit digest and no key (RFC 7693): the hash of every chunk and of the image's
 * root. */
#ifndef KDYNO_BLAKE2B_H
#define KDYNO_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

enum { BLAKE2B_BLOCK_BYTES = 128, BLAKE2B_256_BYTES = 32 };

struct blake2b {
	uint64_t h[8];
	uint64_t total_low;
	uint64_t total_high;
	size_t buffered_bytes;
	uint8_t buffer[BLAKE2B_BLOCK_BYTES];
};

void blake2b_256_init(struct blake2b *state);
void blake2b_256_update(struct blake2b *state, const void *data, size_t bytes);
void blake2b_256_final(struct blake2b *state, uint8_t digest[static BLAKE2B_256_BYTES]);
void blake2b_256(const void *data, size_t bytes, uint8_t digest[static BLAKE2B_256_BYTES]);

#endif
