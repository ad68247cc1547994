// SPDX-License-Identifier: GPL-2.0-or-later
#include "cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096, WRITE_BYTES = 1 << 20, PATH_BYTES = 4096 };
enum { SAMPLE_BLOCKS = 32768, LOOK_BLOCKS = 256 };
enum { TIME_IS_UP = 1, FAILED = -1 };

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int fail(struct cache_file *file, const char *what, int error)
{
	(void)snprintf(file->reason, sizeof(file->reason), "%s: %s", what, strerror(error));
	return FAILED;
}

uint64_t cache_file_room(const char *directory)
{
	struct statvfs disk;

	if (statvfs(directory, &disk) != 0)
		return 0;
	return (uint64_t)disk.f_bavail * disk.f_frsize / 2;
}

int cache_file_open(struct cache_file *file, const char *directory)
{
	char path[PATH_BYTES];

	*file = (struct cache_file){.fd = -1};
	if (snprintf(path, sizeof(path), "%s/kbench-XXXXXX", directory) >= PATH_BYTES)
		return fail(file, directory, ENAMETOOLONG);
	file->fd = mkostemp(path, O_CLOEXEC);
	if (file->fd < 0)
		return fail(file, directory, errno);
	(void)unlink(path);
	file->buffer = malloc(WRITE_BYTES);
	return file->buffer == NULL ? fail(file, "memory", ENOMEM) : 0;
}

void cache_file_close(struct cache_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
	free(file->buffer);
	file->buffer = NULL;
}

/* Different everywhere, so that neither file system nor host can save any of it. */
static void fill(char *buffer, uint64_t offset)
{
	uint64_t *words = (uint64_t *)(void *)buffer;

	for (uint64_t i = 0; i < WRITE_BYTES / 8; i++)
		words[i] = (2 * (offset / 8 + i) + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static int grow(struct cache_file *file, uint64_t bytes, double deadline)
{
	while (file->bytes < bytes) {
		if (seconds_now() > deadline)
			return TIME_IS_UP;
		fill(file->buffer, file->bytes);
		ssize_t written = pwrite(file->fd, file->buffer, WRITE_BYTES, (off_t)file->bytes);
		if (written < 0)
			return fail(file, "write", errno);
		file->bytes += (uint64_t)written;
	}
	return fsync(file->fd) == 0 ? 0 : fail(file, "fsync", errno);
}

/* Read a block in each `step` bytes. Returns how many were read before the deadline, or -1. */
static int64_t read_blocks(struct cache_file *file, uint64_t bytes, uint64_t step, double deadline)
{
	int64_t blocks = 0;

	for (uint64_t at = 0; at + BLOCK_BYTES <= bytes; at += step, blocks++) {
		if (blocks % LOOK_BLOCKS == 0 && seconds_now() > deadline)
			break;
		ssize_t got = pread(file->fd, file->buffer, BLOCK_BYTES, (off_t)at);
		if (got != BLOCK_BYTES)
			return fail(file, "read", got < 0 ? errno : EIO);
	}
	return blocks;
}

/* The first reading is whole, as it decides what is cached. What an earlier, larger size left in
 * the cache beyond `bytes` is dropped before. */
static int read_whole(struct cache_file *file, uint64_t bytes, double deadline)
{
	(void)posix_fadvise(file->fd, (off_t)bytes, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_NORMAL);
	int64_t blocks = read_blocks(file, bytes, BLOCK_BYTES, deadline);
	if (blocks < 0)
		return FAILED;
	return (uint64_t)blocks < bytes / BLOCK_BYTES ? TIME_IS_UP : 0;
}

/* The second reading takes blocks from all over the file, and without read-ahead: with it a fast
 * disk is hardly slower than the cache. */
static int read_sample(struct cache_file *file, uint64_t bytes, double deadline, double *block_ns)
{
	uint64_t step = bytes / SAMPLE_BLOCKS / BLOCK_BYTES * BLOCK_BYTES;

	(void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_RANDOM);
	double begin = seconds_now();
	int64_t blocks = read_blocks(file, bytes, step == 0 ? BLOCK_BYTES : step, deadline);
	if (blocks < 0)
		return FAILED;
	if (blocks == 0)
		return TIME_IS_UP;
	*block_ns = 1e9 * (seconds_now() - begin) / (double)blocks;
	return 0;
}

int cache_file_measure(void *context, uint64_t bytes, double seconds_left, double *block_ns,
		       double *seconds)
{
	struct cache_file *file = context;
	double begin = seconds_now();
	double deadline = begin + seconds_left;

	int status = grow(file, bytes, deadline);
	if (status == 0)
		status = read_whole(file, bytes, deadline);
	if (status == 0)
		status = read_sample(file, bytes, deadline, block_ns);
	*seconds = seconds_now() - begin;
	return status;
}
