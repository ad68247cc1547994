/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cache_size_find() measures with: one file without a name, that grows as it is asked to. */
#ifndef KDYNO_CACHE_FILE_H
#define KDYNO_CACHE_FILE_H

#include "cache_size.h"

struct cache_file {
	int fd;
	uint64_t bytes; /* written so far */
	char *buffer;
	char reason[160]; /* after a failure */
};

/* The most that a file in the directory may have: half of what is free there. 0 if unknown. */
uint64_t cache_file_room(const char *directory);

/* 0, or -1 and a reason. To be closed either way. */
int cache_file_open(struct cache_file *file, const char *directory);
void cache_file_close(struct cache_file *file);

/* A cache_size_measure_fn whose context is the file: write what is missing up to `bytes`, sync
 * it, read so much of it once as a whole, then blocks from all over it again with a clock. */
int cache_file_measure(void *context, uint64_t bytes, double seconds_left, double *block_ns,
		       double *seconds);

#endif
