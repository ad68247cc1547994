// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bench_disk_open(struct bench_state *state, struct bench_disk *disk, const char *directory,
		    uint64_t file_bytes, size_t block_bytes, bool random)
{
	disk->block_bytes = block_bytes;
	disk->block = bench_direct_buffer(state, block_bytes);
	if (disk->block == NULL)
		return BENCH_ERROR;
	int error = bench_file_require_disk(state, directory);
	if (error == 0)
		error = bench_file_make(state, &disk->file, directory, file_bytes);
	if (error == 0)
		error = bench_order_make(state, &disk->order, file_bytes, block_bytes, random);
	if (error == 0)
		error = bench_file_sync(state, &disk->file);
	if (error == 0)
		error = bench_file_drop(state, &disk->file);
	return error;
}

/* One read for a try: the device's sectors may be larger than the block. */
int bench_disk_direct(struct bench_state *state, struct bench_disk *disk, int flags)
{
	int error = bench_file_reopen(state, &disk->file, flags | O_DIRECT);

	if (error != 0)
		return error;
	ssize_t got = pread(disk->file.fd, disk->block, disk->block_bytes, 0);
	if (got == (ssize_t)disk->block_bytes)
		return BENCH_OK;
	if (got < 0 && errno == EINVAL)
		return bench_skip(state, "the device does not take O_DIRECT blocks of %zu bytes",
				  disk->block_bytes);
	return bench_fail(state, "read: %s", got < 0 ? strerror(errno) : "short");
}

void bench_disk_close(struct bench_disk *disk)
{
	bench_order_free(&disk->order);
	bench_file_close(&disk->file);
	free(disk->block);
	disk->block = NULL;
}

int bench_disk_read_next(struct bench_state *state, struct bench_disk *disk)
{
	uint64_t offset = bench_order_next(&disk->order);

	ssize_t got = pread(disk->file.fd, disk->block, disk->block_bytes, (off_t)offset);
	if (got != (ssize_t)disk->block_bytes)
		return bench_fail(state, "read: %s", got < 0 ? strerror(errno) : "short");
	disk->blocks_right +=
		*(const uint64_t *)(const void *)disk->block == bench_file_word(offset);
	return BENCH_OK;
}
