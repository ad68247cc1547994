/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files whose every word says where it stands, orders to visit their blocks in, directories
 * of many names, and what a benchmark of a disk must know of the file system. */
#ifndef KDYNO_BENCH_FILE_H
#define KDYNO_BENCH_FILE_H

#include "bench.h"

enum { BENCH_FILE_PATH_SIZE = 4096, BENCH_NAME_SIZE = 8 };

/* Aligned for O_DIRECT on every device in use. */
enum { BENCH_DIRECT_ALIGNMENT = 4096 };

struct bench_file {
	int fd; /* 0: not open */
	uint64_t bytes;
	char path[BENCH_FILE_PATH_SIZE];
};

/* The word at an offset, a multiple of 8, of the files made here. Never zero, so that it is
 * not mistaken for a hole, and different everywhere, so that it does not compress. */
static inline uint64_t bench_file_word(uint64_t offset)
{
	return (2 * (offset / 8) + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The sum of all words of a file of so many bytes, a multiple of 8. */
static inline uint64_t bench_file_sum(uint64_t bytes)
{
	return (bytes / 8) * (bytes / 8) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The sum of the words of a buffer. */
uint64_t bench_sum(const void *buffer, size_t bytes);

/* Make a file in a directory, NULL for bench_directory(), and write it. Skips when it needs
 * more than half of the free space. It stays until the end; or it goes as soon as nobody has
 * it open, once bench_file_unlink() was called. */
int bench_file_make(struct bench_state *state, struct bench_file *file, const char *directory,
		    uint64_t bytes);
int bench_file_unlink(struct bench_state *state, const struct bench_file *file);
void bench_file_close(struct bench_file *file);

/* Write all to the disk, so that what follows is not disturbed by it and pages can go. */
int bench_file_sync(struct bench_state *state, const struct bench_file *file);

/* Make a file in bench_directory() that the page cache holds and the disk has. Skips when it needs
 * more than half of the memory. */
int bench_file_make_cached(struct bench_state *state, struct bench_file *file, uint64_t bytes);

/* Open it anew in place of the old descriptor. Skips when the file system has no O_DIRECT. */
int bench_file_reopen(struct bench_state *state, struct bench_file *file, int flags);

/* Ask for its pages to leave the page cache; those that are mapped or dirty stay. */
int bench_file_drop(struct bench_state *state, const struct bench_file *file);

/* Skips when the directory, NULL for bench_directory(), is in memory and not on a disk. */
int bench_file_require_disk(struct bench_state *state, const char *directory);

/* Make a directory in bench_directory() and open it; -1 after bench_fail(). */
int bench_file_directory(struct bench_state *state);

/* Blocks of a file in the order to visit them: as they are, or each once in random order. */
struct bench_order {
	uint64_t *offsets;
	size_t count;
	size_t next; /* where the coming run goes on */
};
extern const char *const bench_access_words[]; /* sequential, random */
int bench_order_make(struct bench_state *state, struct bench_order *order, uint64_t bytes,
		     uint64_t block_bytes, bool random);
void bench_order_free(struct bench_order *order);

/* The offset of the next block, and of the one that this gave last. */
static inline uint64_t bench_order_next(struct bench_order *order)
{
	uint64_t offset = order->offsets[order->next];

	order->next = order->next + 1 == order->count ? 0 : order->next + 1;
	return offset;
}

static inline uint64_t bench_order_last(const struct bench_order *order)
{
	return order->offsets[order->next == 0 ? order->count - 1 : order->next - 1];
}

/* Short names, a, b, ..., z, aa, ab, ... */
struct bench_names {
	char (*name)[BENCH_NAME_SIZE];
	size_t count;
};
int bench_names_grow(struct bench_state *state, struct bench_names *names, size_t count);
void bench_names_free(struct bench_names *names);

/* Memory for O_DIRECT; NULL after bench_fail(). Freed with free(). */
void *bench_direct_buffer(struct bench_state *state, size_t bytes);

#endif
