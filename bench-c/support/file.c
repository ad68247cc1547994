// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_file.h"
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { WRITE_BYTES = 1 << 20 };

static const uint64_t order_seed = UINT64_C(0x2545f4914f6cdd1d);

const char *const bench_access_words[] = {"sequential", "random", NULL};

/* Several sums, so that no addition waits for the one just before: else the core, with a word a
 * cycle, is slower than its second cache. The empty instruction keeps the compiler from adding
 * several words at once, which not every one does. */
uint64_t bench_sum(const void *buffer, size_t bytes)
{
	enum { SUMS = 4, TURN = 32 };
	const uint64_t *word = buffer;
	const uint64_t *end = word + bytes / sizeof(*word);
	uint64_t sums[SUMS] = {0};

	for (; end - word >= TURN; word += TURN) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < TURN; i++) {
			sums[i % SUMS] += word[i];
			__asm__ volatile("" : "+r"(sums[i % SUMS]));
		}
	}
	for (; word < end; word++)
		sums[0] += *word;
	return sums[0] + sums[1] + sums[2] + sums[3];
}

static int check_space(struct bench_state *state, const char *directory, uint64_t bytes)
{
	struct statvfs disk;

	if (statvfs(directory, &disk) != 0)
		return bench_fail(state, "statvfs %s: %s", directory, strerror(errno));
	uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	unsigned copies = bench_copies(state);
	if (bytes <= free_bytes / 2 / copies)
		return BENCH_OK;
	return bench_skip(state, "%u x %llu MiB are more than half of the %llu MiB free on disk",
			  copies, (unsigned long long)(bytes >> 20),
			  (unsigned long long)(free_bytes >> 20));
}

static int write_words(struct bench_state *state, int fd, uint64_t bytes)
{
	uint64_t *words = bench_direct_buffer(state, WRITE_BYTES);
	int error = words == NULL ? BENCH_ERROR : BENCH_OK;

	for (uint64_t offset = 0; offset < bytes && error == 0; offset += WRITE_BYTES) {
		size_t length = bytes - offset < WRITE_BYTES ? bytes - offset : WRITE_BYTES;
		for (size_t i = 0; i < (length + 7) / 8; i++)
			words[i] = bench_file_word(offset + 8 * i);
		ssize_t written = pwrite(fd, words, length, (off_t)offset);
		if (written < 0 && errno == ENOSPC)
			error = bench_skip(state, "no space left for a file of %llu bytes",
					   (unsigned long long)bytes);
		else if (written != (ssize_t)length)
			error = bench_fail(state, "write: %s",
					   written < 0 ? strerror(errno) : "short");
	}
	free(words);
	return error;
}

int bench_file_make(struct bench_state *state, struct bench_file *file, const char *directory,
		    uint64_t bytes)
{
	if (directory == NULL)
		directory = bench_directory(state);
	if (directory == NULL)
		return BENCH_ERROR;
	int error = check_space(state, directory, bytes);
	if (error != 0)
		return error;
	int length = snprintf(file->path, sizeof(file->path), "%s/kbench-XXXXXX", directory);
	if (length >= BENCH_FILE_PATH_SIZE)
		return bench_fail(state, "the path of a file in %s is too long", directory);
	int fd = mkostemp(file->path, O_CLOEXEC);
	if (fd < 0)
		return bench_fail(state, "cannot make a file in %s: %s", directory,
				  strerror(errno));
	file->fd = fd;
	file->bytes = bytes;
	return write_words(state, fd, bytes);
}

int bench_file_unlink(struct bench_state *state, const struct bench_file *file)
{
	if (unlink(file->path) == 0)
		return BENCH_OK;
	return bench_fail(state, "unlink: %s", strerror(errno));
}

void bench_file_close(struct bench_file *file)
{
	if (file->fd > 0)
		(void)close(file->fd);
	file->fd = 0;
}

int bench_file_sync(struct bench_state *state, const struct bench_file *file)
{
	if (fsync(file->fd) == 0)
		return BENCH_OK;
	return bench_fail(state, "fsync: %s", strerror(errno));
}

int bench_file_make_cached(struct bench_state *state, struct bench_file *file, uint64_t bytes)
{
	int error = bench_memory_check(state, bytes);

	if (error == 0)
		error = bench_file_make(state, file, NULL, bytes);
	return error != 0 ? error : bench_file_sync(state, file);
}

int bench_file_reopen(struct bench_state *state, struct bench_file *file, int flags)
{
	int fd = open(file->path, flags | O_CLOEXEC);

	if (fd < 0 && errno == EINVAL && (flags & O_DIRECT) != 0)
		return bench_skip(state,
				  "the file system of %s has no O_DIRECT; --directory on a "
				  "local disk would do",
				  file->path);
	if (fd < 0)
		return bench_fail(state, "open: %s", strerror(errno));
	bench_file_close(file);
	file->fd = fd;
	return BENCH_OK;
}

int bench_file_drop(struct bench_state *state, const struct bench_file *file)
{
	int error = posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);

	if (error == 0)
		return BENCH_OK;
	return bench_fail(state, "posix_fadvise: %s", strerror(error));
}

int bench_file_require_disk(struct bench_state *state, const char *directory)
{
	struct statfs system;

	if (directory == NULL)
		directory = bench_directory(state);
	if (directory == NULL)
		return BENCH_ERROR;
	if (statfs(directory, &system) != 0)
		return bench_fail(state, "statfs %s: %s", directory, strerror(errno));
	if ((unsigned long)system.f_type != TMPFS_MAGIC &&
	    (unsigned long)system.f_type != RAMFS_MAGIC)
		return BENCH_OK;
	return bench_skip(state, "%s is in memory; needs --directory on a disk", directory);
}

int bench_file_directory(struct bench_state *state)
{
	const char *parent = bench_directory(state);
	char path[BENCH_FILE_PATH_SIZE];

	if (parent == NULL)
		return -1;
	if (snprintf(path, sizeof(path), "%s/XXXXXX", parent) >= BENCH_FILE_PATH_SIZE) {
		(void)bench_fail(state, "the path %s is too long", parent);
		return -1;
	}
	int fd = mkdtemp(path) == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		(void)bench_fail(state, "cannot make a directory: %s", strerror(errno));
	return fd;
}

/* Fisher-Yates. The seed is fixed: every run visits the same blocks in the same order. */
static void shuffle(uint64_t *values, size_t count)
{
	uint64_t random = order_seed;

	for (size_t i = count - 1; i > 0; i--) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		size_t other = random % (i + 1);
		uint64_t value = values[i];
		values[i] = values[other];
		values[other] = value;
	}
}

int bench_order_make(struct bench_state *state, struct bench_order *order, uint64_t bytes,
		     uint64_t block_bytes, bool random)
{
	size_t count = bytes / block_bytes;

	if (count == 0)
		return bench_skip(state, "a file of %llu bytes has no block of %llu bytes",
				  (unsigned long long)bytes, (unsigned long long)block_bytes);
	uint64_t *offsets = calloc(count, sizeof(*offsets));
	if (offsets == NULL)
		return bench_fail(state, "no memory for the order of %zu blocks", count);
	for (size_t i = 0; i < count; i++)
		offsets[i] = i * block_bytes;
	if (random)
		shuffle(offsets, count);
	*order = (struct bench_order){.offsets = offsets, .count = count};
	return BENCH_OK;
}

void bench_order_free(struct bench_order *order)
{
	free(order->offsets);
	order->offsets = NULL;
}

/* Bijective base 26. */
static void make_name(size_t number, char name[BENCH_NAME_SIZE])
{
	char reversed[BENCH_NAME_SIZE];
	size_t length = 0;

	for (number++; number > 0; number = (number - 1) / 26)
		reversed[length++] = (char)('a' + (number - 1) % 26);
	for (size_t i = 0; i < length; i++)
		name[i] = reversed[length - 1 - i];
	name[length] = '\0';
}

int bench_names_grow(struct bench_state *state, struct bench_names *names, size_t count)
{
	if (count <= names->count)
		return BENCH_OK;
	char(*grown)[BENCH_NAME_SIZE] = realloc(names->name, count * BENCH_NAME_SIZE);
	if (grown == NULL)
		return bench_fail(state, "no memory for %zu names", count);
	for (size_t i = names->count; i < count; i++)
		make_name(i, grown[i]);
	*names = (struct bench_names){.name = grown, .count = count};
	return BENCH_OK;
}

void bench_names_free(struct bench_names *names)
{
	free(names->name);
	*names = (struct bench_names){0};
}

void *bench_direct_buffer(struct bench_state *state, size_t bytes)
{
	void *buffer = NULL;

	if (posix_memalign(&buffer, BENCH_DIRECT_ALIGNMENT, bytes) == 0) {
		memset(buffer, 0, bytes);
		return buffer;
	}
	(void)bench_fail(state, "no memory for a buffer of %zu bytes", bytes);
	return NULL;
}
