// SPDX-License-Identifier: GPL-2.0-or-later
#include "disk_direct.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

int disk_direct_fit(struct reaim_job *job, const struct disk_file *file, struct disk_layout *layout,
		    const void *buffer)
{
	struct statfs filesystem;
	struct statx facts;
	size_t unit = DISK_PAGE_BYTES; /* where the kernel does not tell: no device needs more */

	if (fstatfs(file->fd, &filesystem) != 0)
		return reaim_fail(job, "statfs %s: %m", file->path);
	/* From 6.6 tmpfs takes the flag and copies through its pages all the same. */
	if (filesystem.f_type == TMPFS_MAGIC || filesystem.f_type == RAMFS_MAGIC)
		return reaim_skip(job, "%s: a file system in memory has no O_DIRECT", file->path);
	if (statx(file->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts) != 0)
		return reaim_fail(job, "statx %s: %m", file->path);
	if ((facts.stx_mask & STATX_DIOALIGN) != 0) {
		unit = facts.stx_dio_offset_align;
		if (unit == 0)
			return reaim_skip(job, "%s: this file has no O_DIRECT", file->path);
		if (layout->block_bytes % unit != 0)
			return reaim_skip(
				job, "%s: O_DIRECT needs multiples of %zu bytes: use --block-size",
				file->path, unit);
	} else if (layout->block_bytes % unit != 0) {
		unit = layout->block_bytes;
	}
	if (buffer != NULL && pwrite(file->fd, buffer, layout->block_bytes, 0) < 0 &&
	    errno == EINVAL)
		return reaim_skip(job,
				  "%s: no O_DIRECT in transfers of %zu bytes: use --block-size",
				  file->path, layout->block_bytes);
	layout->file_bytes = (layout->file_bytes + unit - 1) / unit * unit;
	return REAIM_OK;
}
