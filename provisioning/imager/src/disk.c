/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_size(struct disk *disk, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(disk->fd, &status) < 0)
		return error_set(error, "disk %s: %s", path, strerror(errno));
	disk->is_block_device = S_ISBLK(status.st_mode);
	disk->size_bytes = (uint64_t)status.st_size;
	if (disk->is_block_device && ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes) < 0)
		return error_set(error, "disk %s: size unknown: %s", path, strerror(errno));
	if (!disk->is_block_device && !S_ISREG(status.st_mode))
		return error_set(error, "disk %s: neither a block device nor a file", path);
	return 0;
}

int disk_open(const char *path, struct disk *disk, struct error *error)
{
	disk->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC | O_EXCL);
	if (disk->fd < 0 && errno == EINVAL) /* a file system without direct transfers, as tmpfs */
		disk->fd = open(path, O_RDWR | O_CLOEXEC);
	if (disk->fd < 0)
		return error_set(error, "disk %s: %s", path, strerror(errno));
	if (find_size(disk, path, error) < 0) {
		disk_close(disk);
		return -1;
	}
	return 0;
}

void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}

int disk_read(const struct disk *disk, uint64_t offset, void *buffer, size_t bytes,
	      struct error *error)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t step = pread(disk->fd, (char *)buffer + done, bytes - done,
				     (off_t)(offset + done));

		if (step < 0 && errno == EINTR)
			continue;
		if (step <= 0)
			return error_set(error, "disk: read at byte %llu: %s",
					 (unsigned long long)(offset + done),
					 step == 0 ? "end of disk" : strerror(errno));
		done += (size_t)step;
	}
	return 0;
}

int disk_write(const struct disk *disk, uint64_t offset, const void *buffer, size_t bytes,
	       struct error *error)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t step = pwrite(disk->fd, (const char *)buffer + done, bytes - done,
				      (off_t)(offset + done));

		if (step < 0 && errno == EINTR)
			continue;
		if (step <= 0)
			return error_set(error, "disk: write at byte %llu: %s",
					 (unsigned long long)(offset + done),
					 step == 0 ? "nothing written" : strerror(errno));
		done += (size_t)step;
	}
	return 0;
}

int disk_zero(const struct disk *disk, uint64_t offset, uint64_t bytes, struct error *error)
{
	uint64_t range[2] = {offset, bytes};
	int result;

	/* BLKZEROOUT promises zeroes, unlike BLKDISCARD, and lets the disk unmap where that gives
	 * zeroes. */
	if (disk->is_block_device)
		result = ioctl(disk->fd, BLKZEROOUT, range);
	else
		result = fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   (off_t)offset, (off_t)bytes);
	if (result < 0)
		return error_set(error, "disk: zeroing at byte %llu: %s",
				 (unsigned long long)offset, strerror(errno));
	return 0;
}

void disk_discard(const struct disk *disk, uint64_t offset, uint64_t bytes)
{
	uint64_t range[2] = {offset, bytes};

	/* Best effort: free space may hold anything, but a thin disk gets it back. */
	if (disk->is_block_device && bytes > 0)
		(void)ioctl(disk->fd, BLKDISCARD, range);
}

int disk_flush(const struct disk *disk, struct error *error)
{
	if (fsync(disk->fd) < 0)
		return error_set(error, "disk: flush: %s", strerror(errno));
	/* The transfers were direct already; this covers partitions and files read before us. */
	if (disk->is_block_device && ioctl(disk->fd, BLKFLSBUF, 0) < 0)
		return error_set(error, "disk: dropping cached blocks: %s", strerror(errno));
	(void)posix_fadvise(disk->fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}
