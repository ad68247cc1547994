/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run's own directories, one below each disk directory: all that operations put on disk is
 * in there and goes with it. Each holds a file that this process keeps locked, and its name
 * holds process id and start time, so that the next run can tell what a killed one left.
 */
#ifndef KDYNO_REAIM_SCRATCH_H
#define KDYNO_REAIM_SCRATCH_H

#include "settings.h"

enum { SCRATCH_PATH_SIZE = 1024 };

struct scratch_directory {
	char path[SCRATCH_PATH_SIZE];
	int lock_fd;
};

struct scratch {
	struct scratch_directory directories[DISK_DIRECTORIES_MAX];
	size_t count;
	char source_tree[SCRATCH_PATH_SIZE];
	char common_file[SCRATCH_PATH_SIZE]; /* "": none */
};

/* Remove what dead runs left, then make this run's directories. Complains. */
int scratch_create(struct scratch *scratch, const struct settings *settings);
/* Remove all of it. 0, or EXIT_FAILED with a complaint when something stays. */
int scratch_remove(struct scratch *scratch);

/* Write the disk directories' file systems to their disks. */
void scratch_sync(const struct scratch *scratch);

#endif
