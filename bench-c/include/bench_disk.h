/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of a file read past the page cache: what the benchmarks of reading a disk share. */
#ifndef KDYNO_BENCH_DISK_H
#define KDYNO_BENCH_DISK_H

#include "bench_file.h"

struct bench_disk {
	struct bench_file file;
	struct bench_order order;
	char *block;
	size_t block_bytes;
	uint64_t blocks_right;
};

enum { BENCH_SEQUENTIAL, BENCH_RANDOM };

/* Write a file to the disk of a directory, NULL for bench_directory(), and open it with
 * O_DIRECT or other flags in its place. */
int bench_disk_open(struct bench_state *state, struct bench_disk *disk, const char *directory,
		    uint64_t file_bytes, size_t block_bytes, bool random);
int bench_disk_direct(struct bench_state *state, struct bench_disk *disk, int flags);
void bench_disk_close(struct bench_disk *disk);

/* Read the next block and compare its first word with the one of its place. */
int bench_disk_read_next(struct bench_state *state, struct bench_disk *disk);

#endif
