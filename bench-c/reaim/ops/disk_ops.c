// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The disk operations on a file of the child's own: which of read, write, copy and update, in
 * which order, through which door of the kernel.
 * Source: White, "Performance Testing the Linux Kernel" (OLS 2003), section 3.4, with its
 * future work: O_DIRECT and other transfer sizes than 1 KiB.
 */
#include "disk_test.h"

#include <fcntl.h>

#define DISK_OP(name_, per_block_, unit_, doc_, ...)                                               \
	static const struct disk_plan plan_##name_ = {__VA_ARGS__};                                \
	static int setup_##name_(struct reaim_job *job)                                            \
	{                                                                                          \
		return disk_test_setup(job, &plan_##name_);                                        \
	}                                                                                          \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = unit_,                                                                     \
		.doc = doc_,                                                                       \
		.kind = REAIM_DISK,                                                                \
		.operations_per_block = per_block_,                                                \
		.data_size = sizeof(struct disk_test),                                             \
		.setup = setup_##name_,                                                            \
		.run = disk_test_run,                                                              \
		.teardown = disk_test_teardown,                                                    \
	};                                                                                         \
	REAIM_REGISTER(name_)

#define MADE	 "Makes a file, syncs it (not with --nosync), opens it again, and "
#define MADE_RAW "Makes a file and opens it again without sync, so that all is in the cache, and "
#define READS	 " All bytes read are checked."
#define WRITES	 " The whole file is read back and checked."
#define COPIES	 " The copy is read back and checked."

/* The file is on the disk, and in the cache, before the test. */

DISK_OP(disk_rr, 1, "Random Disk Reads (K)", MADE "reads random blocks." READS, .action = DISK_READ,
	.random = true, .synced = true);
DISK_OP(disk_rw, 1, "Random Disk Writes (K)", MADE "writes random blocks." WRITES,
	.action = DISK_WRITE, .random = true, .synced = true);
DISK_OP(disk_rd, 1, "Sequential Disk Reads (K)", MADE "reads it from start to end." READS,
	.action = DISK_READ, .synced = true);
DISK_OP(disk_wrt, 1, "Sequential Disk Writes (K)", MADE "writes it over from start to end." WRITES,
	.action = DISK_WRITE, .synced = true);
DISK_OP(disk_cp, 1, "Disk Copies (K)", MADE "copies it to a new one." COPIES, .action = DISK_COPY,
	.synced = true);

/* Nothing of the file need be on the disk. */

DISK_OP(disk_brr, 1, "Random Bufcache Disk Reads (K)", MADE_RAW "reads random blocks." READS,
	.action = DISK_READ, .random = true);
DISK_OP(disk_brw, 1, "Random Bufcache Disk Writes (K)", MADE_RAW "writes random blocks." WRITES,
	.action = DISK_WRITE, .random = true);
DISK_OP(disk_brd, 1, "Sequential Bufcache Disk Reads (K)",
	MADE_RAW "reads it from start to end." READS, .action = DISK_READ);
DISK_OP(disk_bwrt, 1, "Sequential Bufcache Disk Writes (K)",
	MADE_RAW "writes it over from start to end." WRITES, .action = DISK_WRITE);
DISK_OP(disk_bcp, 1, "Bufcache Disk Copies (K)", MADE_RAW "copies it to a new one." COPIES,
	.action = DISK_COPY);

/* Half as many transfers: each write waits for the disk. */

#define SYNC "with O_SYNC, half as many blocks as it has."

DISK_OP(sync_disk_rw, 0.5, "Sync Random Disk Writes (K)", MADE "writes random blocks " SYNC WRITES,
	.action = DISK_WRITE, .random = true, .half = true, .synced = true, .open_flags = O_SYNC);
DISK_OP(sync_disk_wrt, 0.5, "Sync Sequential Disk Writes (K)",
	MADE "writes it over from its start " SYNC WRITES, .action = DISK_WRITE, .half = true,
	.synced = true, .open_flags = O_SYNC);
DISK_OP(sync_disk_cp, 0.5, "Sync Disk Copies (K)",
	MADE "copies it to a new one from its start " SYNC COPIES, .action = DISK_COPY,
	.half = true, .synced = true, .open_flags = O_SYNC);
DISK_OP(sync_disk_update, 0.5, "Sync Disk Updates (K)",
	MADE "reads and writes random blocks " SYNC READS WRITES, .action = DISK_UPDATE,
	.random = true, .half = true, .synced = true, .open_flags = O_SYNC);

/* Past the cache. */

#define DIRECT "with O_DIRECT"

DISK_OP(disk_dio_rr, 1, "Random O_DIRECT Disk Reads (K)",
	MADE "reads random blocks " DIRECT "." READS, .action = DISK_READ, .random = true,
	.synced = true, .open_flags = O_DIRECT);
DISK_OP(disk_dio_rw, 1, "Random O_DIRECT Disk Writes (K)",
	MADE "writes random blocks " DIRECT "." WRITES, .action = DISK_WRITE, .random = true,
	.synced = true, .open_flags = O_DIRECT);
DISK_OP(disk_dio_rd, 1, "Sequential O_DIRECT Disk Reads (K)",
	MADE "reads it from start to end " DIRECT "." READS, .action = DISK_READ, .synced = true,
	.open_flags = O_DIRECT);
DISK_OP(disk_dio_wrt, 1, "Sequential Disk Writes (K)",
	MADE "writes it over from start to end " DIRECT "." WRITES, .action = DISK_WRITE,
	.synced = true, .open_flags = O_DIRECT);
DISK_OP(disk_dio_cp, 1, "O_DIRECT Disk Copies (K)",
	MADE "copies it to a new one " DIRECT "." COPIES, .action = DISK_COPY, .synced = true,
	.open_flags = O_DIRECT);

/* Up to 16 transfers under way at once. */

DISK_OP(disk_aio_rr, 1, "Random ASYNC I/O Disk Reads (K)",
	MADE "reads random blocks by native aio, 16 at once." READS, .action = DISK_READ,
	.random = true, .synced = true, .engine = &disk_engine_aio);
DISK_OP(disk_aio_rw, 1, "Random ASYNC I/O Disk Writes (K)",
	MADE "writes random blocks by native aio, 16 at once." WRITES, .action = DISK_WRITE,
	.random = true, .synced = true, .engine = &disk_engine_aio);
DISK_OP(disk_aiodio_rr, 1, "Random ASYNC DIRECT I/O Disk Reads (K)",
	MADE "reads random blocks by native aio " DIRECT ", 16 at once." READS, .action = DISK_READ,
	.random = true, .synced = true, .open_flags = O_DIRECT, .engine = &disk_engine_aio);
DISK_OP(disk_aiodio_rw, 1, "Random ASYNC DIRECT I/O Disk Writes (K)",
	MADE "writes random blocks by native aio " DIRECT ", 16 at once." WRITES,
	.action = DISK_WRITE, .random = true, .synced = true, .open_flags = O_DIRECT,
	.engine = &disk_engine_aio);
DISK_OP(io_uring_rr, 1, "Random io_uring Reads (K)",
	MADE_RAW "reads random blocks by io_uring, 16 at once." READS, .action = DISK_READ,
	.random = true, .engine = &disk_engine_uring);
DISK_OP(io_uring_rw, 1, "Random io_uring Writes (K)",
	MADE_RAW "writes random blocks by io_uring, 16 at once." WRITES, .action = DISK_WRITE,
	.random = true, .engine = &disk_engine_uring);
