/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small image for tests: what it holds, and its manifest as text. */
#ifndef KDYNO_IMAGER_TESTS_IMAGE_H
#define KDYNO_IMAGER_TESTS_IMAGE_H

#include "manifest.h"

#include <stddef.h>
#include <stdint.h>

enum { IMAGE_CHUNK_BYTES = 16 << 10, IMAGE_CHUNKS = 6, IMAGE_BYTES = 5 * IMAGE_CHUNK_BYTES + 4096 };

/* Chunks 1 and 4 are zero, the last is short. */
void image_fill(uint8_t content[static IMAGE_BYTES]);

/* Allocated; the caller frees it. */
char *image_manifest(const uint8_t content[static IMAGE_BYTES]);

#endif
