/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk being written: direct transfers, so that what is read back comes from the disk. */
#ifndef KDYNO_IMAGER_DISK_H
#define KDYNO_IMAGER_DISK_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk {
	int fd;
	bool is_block_device; /* otherwise a regular file, in tests */
	uint64_t size_bytes;
};

int disk_open(const char *path, struct disk *disk, struct error *error);
void disk_close(struct disk *disk);

/* `buffer` is aligned to 4 KiB, as are `offset` and `bytes`. */
int disk_read(const struct disk *disk, uint64_t offset, void *buffer, size_t bytes,
	      struct error *error);
int disk_write(const struct disk *disk, uint64_t offset, const void *buffer, size_t bytes,
	       struct error *error);

/* Afterwards the range reads as zeroes; the disk may release the space. */
int disk_zero(const struct disk *disk, uint64_t offset, uint64_t bytes, struct error *error);

/* Gives the range back to the disk where it can; what it reads as afterwards is undefined. */
void disk_discard(const struct disk *disk, uint64_t offset, uint64_t bytes);

/* Everything written is on stable storage, nothing of it stays cached here. */
int disk_flush(const struct disk *disk, struct error *error);

#endif
