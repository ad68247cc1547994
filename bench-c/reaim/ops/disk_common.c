// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real reads: all children read one file, made before the run and best larger than memory, and
 * the kernel's own count of what this process had fetched from a disk must agree.
 * Source: White, "Performance Testing the Linux Kernel" (OLS 2003), section 3.4, future work:
 * "a common file", "measurable read activity"; posix_fadvise(2); proc(5), /proc/pid/io.
 */
#include "disk_direct.h"
#include "disk_file.h"
#include "disk_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is dropped at once: a page of the cache may be this large, and goes whole or not at all. */
enum { WINDOW_BYTES = 2 * 1024 * 1024, IO_TEXT_BYTES = 512, PROBES = 8, TRIES = 4 };

struct common_plan {
	bool random;
	bool direct;
};

struct common {
	const struct common_plan *plan;
	struct disk_layout layout; /* file_bytes: what one job reads */
	uint64_t blocks_in_file;
	unsigned char *buffer;
	int io; /* /proc/self/io */
	struct disk_file file;
};

static int count_reads(struct reaim_job *job, const struct common *common, uint64_t *bytes)
{
	char text[IO_TEXT_BYTES];
	ssize_t got = pread(common->io, text, sizeof(text) - 1, 0);
	unsigned long long value;

	if (got < 0)
		return reaim_fail(job, "read /proc/self/io: %m");
	text[got] = '\0';
	const char *field = strstr(text, "\nread_bytes: ");
	if (field == NULL || sscanf(field, " read_bytes: %llu", &value) != 1)
		return reaim_fail(job, "no read_bytes in /proc/self/io");
	*bytes = value;
	return REAIM_OK;
}

static int drop(struct reaim_job *job, const struct common *common, uint64_t offset, size_t bytes)
{
	uint64_t start = offset / WINDOW_BYTES * WINDOW_BYTES;
	uint64_t end = (offset + bytes + WINDOW_BYTES - 1) / WINDOW_BYTES * WINDOW_BYTES;
	int error = posix_fadvise(common->file.fd, (off_t)start, (off_t)(end - start),
				  POSIX_FADV_DONTNEED);

	if (error != 0)
		return reaim_fail(job, "drop %s from the cache: %s", common->file.path,
				  strerror(error));
	return REAIM_OK;
}

static int read_block(struct reaim_job *job, const struct common *common, uint64_t block)
{
	uint64_t offset = block * common->layout.block_bytes;
	size_t bytes = common->layout.block_bytes;
	int error = disk_read(job, &common->file, common->buffer, bytes, offset);

	if (error == REAIM_OK)
		error = disk_check(job, &common->file, common->buffer, bytes, offset,
				   reaim_common_word(0));
	return error;
}

static int read_random(struct reaim_job *job, const struct common *common)
{
	uint64_t blocks = disk_layout_blocks(&common->layout);
	int error = REAIM_OK;

	for (uint64_t i = 0; i < blocks && error == REAIM_OK; i++) {
		uint64_t block = reaim_random_below(job, common->blocks_in_file);
		if (!common->plan->direct)
			error = drop(job, common, block * common->layout.block_bytes,
				     common->layout.block_bytes);
		if (error == REAIM_OK)
			error = read_block(job, common, block);
	}
	return error;
}

static int read_in_order(struct reaim_job *job, const struct common *common)
{
	uint64_t blocks = disk_layout_blocks(&common->layout);
	uint64_t first = reaim_random_below(job, common->blocks_in_file - blocks + 1);
	int error = REAIM_OK;

	if (!common->plan->direct)
		error = drop(job, common, first * common->layout.block_bytes,
			     common->layout.file_bytes);
	for (uint64_t i = 0; i < blocks && error == REAIM_OK; i++)
		error = read_block(job, common, first + i);
	return error;
}

static uint64_t asked_bytes(const struct common *common)
{
	return disk_layout_blocks(&common->layout) * common->layout.block_bytes;
}

/* One reading of as much as a job asks for, and how much of it the kernel fetched from a disk. */
static int read_once(struct reaim_job *job, const struct common *common, uint64_t *fetched)
{
	uint64_t before = 0;
	uint64_t after = 0;
	int error = count_reads(job, common, &before);

	if (error == REAIM_OK)
		error = common->plan->random ? read_random(job, common)
					     : read_in_order(job, common);
	if (error == REAIM_OK)
		error = count_reads(job, common, &after);
	*fetched = after - before;
	return error;
}

/*
 * What is just being fetched, by another child or by read-ahead of the job before, cannot be
 * dropped and is fetched no second time. Such a place does not count, and another is tried.
 */
static int run(struct reaim_job *job)
{
	const struct common *common = reaim_data(job);
	uint64_t asked = asked_bytes(common);
	uint64_t least = common->plan->direct ? asked : asked / 2;
	uint64_t fetched = 0;

	for (unsigned int i = 0; i < TRIES; i++) {
		int error = read_once(job, common, &fetched);
		if (error != REAIM_OK)
			return error;
		if (fetched >= least) {
			reaim_did(job, asked);
			return REAIM_OK;
		}
	}
	return reaim_fail(job,
			  "%s: %llu of %llu bytes came from a disk, the rest from the cache: make "
			  "the common file larger than memory",
			  common->file.path, (unsigned long long)fetched,
			  (unsigned long long)asked);
}

/*
 * Learn whether a read of this file is ever a read of a disk. All children ask at once, and one
 * may find in the cache what another has just fetched, so each tries several places of its own.
 */
static int probe_accounting(struct reaim_job *job, const struct common *common)
{
	uint64_t first = reaim_random_below(job, common->blocks_in_file);
	uint64_t stride = common->blocks_in_file / PROBES + 1;
	uint64_t before = 0;
	uint64_t after = 0;
	int error = count_reads(job, common, &before);

	for (uint64_t i = 0; i < PROBES && error == REAIM_OK && after <= before; i++) {
		uint64_t block = (first + i * stride) % common->blocks_in_file;
		uint64_t offset = block * common->layout.block_bytes;
		if (!common->plan->direct)
			error = drop(job, common, offset, common->layout.block_bytes);
		if (error == REAIM_OK)
			error = disk_read(job, &common->file, common->buffer,
					  common->layout.block_bytes, offset);
		if (error == REAIM_OK)
			error = count_reads(job, common, &after);
	}
	if (error == REAIM_OK && after <= before)
		error = reaim_skip(job,
				   "%s: reading it is no read of a disk in /proc/self/io (a file "
				   "system in memory, or one that does not account)",
				   common->file.path);
	return error;
}

static int open_common(struct reaim_job *job, struct common *common)
{
	const char *path = reaim_common_file(job);
	struct stat facts;

	if (path == NULL)
		return reaim_skip(job, "needs --common-file");
	(void)snprintf(common->file.path, sizeof(common->file.path), "%s", path);
	int error = disk_open(job, &common->file, O_RDONLY | (common->plan->direct ? O_DIRECT : 0));
	if (error != REAIM_OK)
		return error;
	/* Dirty pages stay when the cache is dropped. */
	if (fsync(common->file.fd) != 0 || fstat(common->file.fd, &facts) != 0)
		return reaim_fail(job, "%s: %m", path);
	if (common->plan->direct) {
		error = disk_direct_fit(job, &common->file, &common->layout, NULL);
	} else if (common->plan->random) {
		int advice = posix_fadvise(common->file.fd, 0, 0, POSIX_FADV_RANDOM);
		if (advice != 0)
			return reaim_fail(job, "posix_fadvise %s: %s", path, strerror(advice));
	}
	common->blocks_in_file = (uint64_t)facts.st_size / common->layout.block_bytes;
	if (error == REAIM_OK && common->blocks_in_file < disk_layout_blocks(&common->layout))
		error = reaim_fail(job, "the common file %s of %lld bytes is smaller than %llu",
				   path, (long long)facts.st_size,
				   (unsigned long long)common->layout.file_bytes);
	return error;
}

static int setup(struct reaim_job *job, const struct common_plan *plan)
{
	struct common *common = reaim_data(job);
	int error = disk_test_layout(job, &common->layout);

	common->plan = plan;
	common->file.fd = -1;
	common->io = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
	if (common->io < 0)
		return reaim_skip(job, "/proc/self/io: %m: this kernel does not account reads");
	common->buffer = disk_alloc(job, common->layout.block_bytes);
	if (common->buffer == NULL)
		return REAIM_ERROR;
	if (error == REAIM_OK)
		error = open_common(job, common);
	if (error == REAIM_OK)
		error = probe_accounting(job, common);
	return error;
}

static void teardown(struct reaim_job *job)
{
	struct common *common = reaim_data(job);

	if (common->file.fd >= 0)
		(void)close(common->file.fd);
	if (common->io >= 0)
		(void)close(common->io);
	disk_free(common->buffer, common->layout.block_bytes);
	common->buffer = NULL;
}

#define COMMON_OP(name_, unit_, doc_, random_, direct_)                                            \
	static int setup_##name_(struct reaim_job *job)                                            \
	{                                                                                          \
		static const struct common_plan plan = {random_, direct_};                         \
		return setup(job, &plan);                                                          \
	}                                                                                          \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = unit_,                                                                     \
		.doc = doc_ " Each byte is checked, and /proc/self/io must count the reads.",      \
		.kind = REAIM_DISK,                                                                \
		.operations_per_block = 1,                                                         \
		.data_size = sizeof(struct common),                                                \
		.setup = setup_##name_,                                                            \
		.run = run,                                                                        \
		.teardown = teardown,                                                              \
	};                                                                                         \
	REAIM_REGISTER(name_)

COMMON_OP(disk_common_rr, "Random Common File Reads (K)",
	  "Reads random blocks of the common file, each dropped from the cache just before.", true,
	  false);
COMMON_OP(disk_common_rd, "Sequential Common File Reads (K)",
	  "Reads a stretch of the common file, dropped from the cache before.", false, false);
COMMON_OP(disk_common_dio_rr, "Random O_DIRECT Common File Reads (K)",
	  "Reads random blocks of the common file with O_DIRECT.", true, true);
COMMON_OP(disk_common_dio_rd, "Sequential O_DIRECT Common File Reads (K)",
	  "Reads a stretch of the common file with O_DIRECT.", false, true);
