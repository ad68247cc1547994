/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One job of a disk operation: a file of its own is created, filled and closed, synced if the
 * family asks for that, opened again, and the test proper moves its bytes in transfers of
 * reaim_block_bytes(). What was read or copied is checked byte by byte, and what was written is
 * read back, once, in large transfers.
 * Source: White, "Performance Testing the Linux Kernel" (OLS 2003), section 3.4.
 */
#ifndef KDYNO_REAIM_DISK_TEST_H
#define KDYNO_REAIM_DISK_TEST_H

#include "disk_file.h"
#include "disk_queue.h"

enum disk_action { DISK_READ, DISK_WRITE, DISK_COPY, DISK_UPDATE };

struct disk_plan {
	enum disk_action action;
	bool random;	/* blocks drawn with replacement; else one after another */
	bool half;	/* half as many transfers as the file has blocks */
	bool synced;	/* the file is on the disk before the test begins */
	int open_flags; /* O_SYNC, O_DIRECT */
	const struct disk_engine *engine; /* NULL: one pread() or pwrite() at a time */
};

struct disk_test {
	const struct disk_plan *plan;
	struct disk_layout layout;
	uint64_t old_key;	/* of the file as made for this job */
	uint64_t new_key;	/* of what the test writes */
	uint64_t next;		/* block of the next transfer in order */
	unsigned char *written; /* per block: holds the new key */
	unsigned char *buffer;	/* buffer_bytes: a chunk, or the queue's blocks */
	size_t buffer_bytes;
	struct disk_file file;
	struct disk_file copy;
	struct disk_queue queue;
};

/* reaim_data() is a struct disk_test. */
int disk_test_setup(struct reaim_job *job, const struct disk_plan *plan);
int disk_test_run(struct reaim_job *job);
void disk_test_teardown(struct reaim_job *job);

/* The layout for files of reaim_blocks() KiB, or an error where a transfer exceeds the file. */
int disk_test_layout(struct reaim_job *job, struct disk_layout *layout);

#endif
