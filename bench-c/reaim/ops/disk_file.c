// SPDX-License-Identifier: GPL-2.0-or-later
#include "disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORD_BYTES = sizeof(uint64_t) };

uint64_t disk_layout_blocks(const struct disk_layout *layout)
{
	return (layout->file_bytes + layout->block_bytes - 1) / layout->block_bytes;
}

size_t disk_layout_bytes_of(const struct disk_layout *layout, uint64_t block)
{
	uint64_t left = layout->file_bytes - block * layout->block_bytes;

	return left < layout->block_bytes ? (size_t)left : layout->block_bytes;
}

void *disk_alloc(struct reaim_job *job, size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		(void)reaim_fail(job, "mmap of %zu bytes: %m", bytes);
		return NULL;
	}
	return memory;
}

void disk_free(void *memory, size_t bytes)
{
	if (memory != NULL)
		(void)munmap(memory, bytes);
}

/* A step between words that has all its bits in play, so that no two offsets agree. */
static const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);

void disk_fill(void *buffer, size_t bytes, uint64_t offset, uint64_t key)
{
	uint64_t *words = buffer;
	uint64_t word = key + offset / WORD_BYTES * step;

	for (size_t i = 0; i < bytes / WORD_BYTES; i++, word += step)
		words[i] = word;
}

int disk_check(struct reaim_job *job, const struct disk_file *file, const void *buffer,
	       size_t bytes, uint64_t offset, uint64_t key)
{
	const uint64_t *words = buffer;
	uint64_t word = key + offset / WORD_BYTES * step;

	for (size_t i = 0; i < bytes / WORD_BYTES; i++, word += step)
		if (words[i] != word)
			return reaim_fail(job,
					  "%s: wrong bytes at offset %llu: %016llx, not %016llx",
					  file->path, (unsigned long long)(offset + i * WORD_BYTES),
					  (unsigned long long)words[i], (unsigned long long)word);
	return REAIM_OK;
}

int disk_open(struct reaim_job *job, struct disk_file *file, int flags)
{
	file->fd = open(file->path, flags | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return REAIM_OK;
	if (errno == EINVAL && (flags & O_DIRECT) != 0)
		return reaim_skip(job, "%s: the file system refuses O_DIRECT", file->path);
	return reaim_fail(job, "open %s: %m", file->path);
}

int disk_close(struct reaim_job *job, struct disk_file *file)
{
	int fd = file->fd;

	file->fd = -1;
	if (close(fd) != 0)
		return reaim_fail(job, "close %s: %m", file->path);
	return REAIM_OK;
}

void disk_remove(struct disk_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
	if (file->path[0] != '\0')
		(void)unlink(file->path);
	file->path[0] = '\0';
}

int disk_read(struct reaim_job *job, const struct disk_file *file, void *buffer, size_t bytes,
	      uint64_t offset)
{
	ssize_t got = pread(file->fd, buffer, bytes, (off_t)offset);

	if (got < 0)
		return reaim_fail(job, "read %s at offset %llu: %m", file->path,
				  (unsigned long long)offset);
	if ((size_t)got != bytes)
		return reaim_fail(job, "read %s at offset %llu: %zd of %zu bytes: file truncated",
				  file->path, (unsigned long long)offset, got, bytes);
	return REAIM_OK;
}

int disk_write(struct reaim_job *job, const struct disk_file *file, const void *buffer,
	       size_t bytes, uint64_t offset)
{
	size_t done = 0;

	/* A second try after a short write, because only that one says why: full, or over a limit.
	 */
	while (done < bytes) {
		ssize_t put = pwrite(file->fd, (const char *)buffer + done, bytes - done,
				     (off_t)(offset + done));
		if (put < 0)
			return reaim_fail(job, "write %s at offset %llu: %m", file->path,
					  (unsigned long long)(offset + done));
		if (put == 0)
			return reaim_fail(job, "write %s at offset %llu: nothing written",
					  file->path, (unsigned long long)(offset + done));
		done += (size_t)put;
	}
	return REAIM_OK;
}

int disk_write_pattern(struct reaim_job *job, const struct disk_file *file,
		       const struct disk_layout *layout, void *buffer, uint64_t key)
{
	int error = REAIM_OK;

	for (uint64_t offset = 0; offset < layout->file_bytes && error == REAIM_OK;
	     offset += layout->chunk_bytes) {
		uint64_t left = layout->file_bytes - offset;
		size_t bytes = left < layout->chunk_bytes ? (size_t)left : layout->chunk_bytes;
		disk_fill(buffer, bytes, offset, key);
		error = disk_write(job, file, buffer, bytes, offset);
	}
	return error;
}
