/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_REAIM_DISK_DIRECT_H
#define KDYNO_REAIM_DISK_DIRECT_H

#include "disk_file.h"

/*
 * May the file system of `file`, which is open with O_DIRECT, transfer layout->block_bytes past
 * its cache? Asks the kernel, then writes one block from `buffer`, unless that is NULL, at the
 * start of the file. reaim_skip() with the reason where not. file_bytes is rounded up to what
 * the device can transfer, so that a figure in KiB never counts more than was moved.
 * Source: open(2) on O_DIRECT; statx(2), STATX_DIOALIGN.
 */
int disk_direct_fit(struct reaim_job *job, const struct disk_file *file, struct disk_layout *layout,
		    const void *buffer);

#endif
