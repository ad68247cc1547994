/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all disk operations share below the test itself: bytes that tell where they belong,
 * and transfers that are whole or an error that names file, offset and reason.
 */
#ifndef KDYNO_REAIM_DISK_FILE_H
#define KDYNO_REAIM_DISK_FILE_H

#include "reaim_op.h"

enum {
	DISK_PATH_BYTES = 4096,
	DISK_PAGE_BYTES = 4096,	  /* alignment of all buffers; no file system asks for more */
	DISK_CHUNK_BYTES = 65536, /* a file is made and checked in transfers of about this size */
};

struct disk_file {
	int fd; /* -1 while closed */
	char path[DISK_PATH_BYTES];
};

/* How a file is cut into transfers. The last one may be shorter. */
struct disk_layout {
	uint64_t file_bytes;
	size_t block_bytes;
	size_t chunk_bytes; /* a multiple of block_bytes, at least one */
};

uint64_t disk_layout_blocks(const struct disk_layout *layout);
size_t disk_layout_bytes_of(const struct disk_layout *layout, uint64_t block);

/* Page-aligned zeroed memory, or NULL after reaim_fail(). disk_free() takes NULL. */
void *disk_alloc(struct reaim_job *job, size_t bytes);
void disk_free(void *memory, size_t bytes);

/* Each 8-byte word is different from those at other offsets and under other keys, so a block
 * that is misplaced, stale or another child's does not pass the check. `offset` and `bytes`
 * are multiples of 8. */
void disk_fill(void *buffer, size_t bytes, uint64_t offset, uint64_t key);
int disk_check(struct reaim_job *job, const struct disk_file *file, const void *buffer,
	       size_t bytes, uint64_t offset, uint64_t key);

/* Flags beside O_CLOEXEC; mode 0600. EINVAL with O_DIRECT in `flags` is a skip. */
int disk_open(struct reaim_job *job, struct disk_file *file, int flags);
int disk_close(struct reaim_job *job, struct disk_file *file);
/* Closes it if open, and removes it; for cleanup, so it reports nothing. */
void disk_remove(struct disk_file *file);

int disk_read(struct reaim_job *job, const struct disk_file *file, void *buffer, size_t bytes,
	      uint64_t offset);
int disk_write(struct reaim_job *job, const struct disk_file *file, const void *buffer,
	       size_t bytes, uint64_t offset);

/* Fill the whole file with the pattern of `key`; `buffer` holds a chunk. */
int disk_write_pattern(struct reaim_job *job, const struct disk_file *file,
		       const struct disk_layout *layout, void *buffer, uint64_t key);

#endif
