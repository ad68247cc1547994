// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file that fills this child's part of a set fraction of the page cache, made once and kept.
 * Each job moves reaim_blocks() KiB of it at random places, so that the cache is as full as
 * was asked while its pages are found, dirtied and written back. Both operations of a child
 * work on the one file, or the cache would be twice as full.
 * Source: White, "Performance Testing the Linux Kernel" (OLS 2003), section 3.4, future work:
 * "tests that attempt to consume a noticeable percentage of the cache"; mincore(2).
 */
#include "disk_file.h"
#include "disk_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct cache {
	struct disk_layout layout; /* of the large file */
	uint64_t transfers;	   /* in one job */
	uint64_t key;		   /* of a block never written; one more for each write */
	unsigned char *writes;	   /* per block, modulo 256 */
	unsigned char *buffer;
	struct disk_file file;
};

static struct cache cache_of_child;
static unsigned int operations_set_up;

static int move_block(struct reaim_job *job, struct cache *cache, bool write)
{
	uint64_t block = reaim_random_below(job, disk_layout_blocks(&cache->layout));
	uint64_t offset = block * cache->layout.block_bytes;
	size_t bytes = disk_layout_bytes_of(&cache->layout, block);
	int error = disk_read(job, &cache->file, cache->buffer, bytes, offset);

	if (error == REAIM_OK)
		error = disk_check(job, &cache->file, cache->buffer, bytes, offset,
				   cache->key + cache->writes[block]);
	if (error == REAIM_OK && write) {
		cache->writes[block]++;
		disk_fill(cache->buffer, bytes, offset, cache->key + cache->writes[block]);
		error = disk_write(job, &cache->file, cache->buffer, bytes, offset);
	}
	if (error == REAIM_OK)
		reaim_did(job, bytes);
	return error;
}

static int move_blocks(struct reaim_job *job, bool write)
{
	struct cache *cache = &cache_of_child;
	int error = REAIM_OK;

	for (uint64_t i = 0; i < cache->transfers && error == REAIM_OK; i++)
		error = move_block(job, cache, write);
	return error;
}

static int run_rr(struct reaim_job *job)
{
	return move_blocks(job, false);
}

static int run_update(struct reaim_job *job)
{
	return move_blocks(job, true);
}

/* A file of which less than half stays in the cache does not fill what was asked for. */
static int check_resident(struct reaim_job *job, const struct cache *cache)
{
	size_t bytes = (size_t)cache->layout.file_bytes;
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (bytes + page_bytes - 1) / page_bytes;
	size_t resident = 0;
	int error = REAIM_OK;
	void *view = mmap(NULL, bytes, PROT_READ, MAP_SHARED, cache->file.fd, 0);
	unsigned char *states = calloc(pages, 1);

	if (view == MAP_FAILED || states == NULL || mincore(view, bytes, states) != 0)
		error = reaim_fail(job, "%s: cannot see what is in the cache: %m",
				   cache->file.path);
	for (size_t i = 0; i < pages && error == REAIM_OK; i++)
		resident += states[i] & 1;
	if (error == REAIM_OK && resident < pages / 2)
		error = reaim_fail(job,
				   "%s: %zu of %zu pages are in the cache: lower --cache-fraction",
				   cache->file.path, resident, pages);
	free(states);
	if (view != MAP_FAILED)
		(void)munmap(view, bytes);
	return error;
}

static int make_cache(struct reaim_job *job, struct cache *cache)
{
	struct disk_layout *layout = &cache->layout;
	struct disk_file *file = &cache->file;
	int error = disk_test_layout(job, layout);

	file->fd = -1;
	if (error != REAIM_OK)
		return error;
	cache->transfers = disk_layout_blocks(layout);
	layout->file_bytes = reaim_cache_bytes(job) / layout->block_bytes * layout->block_bytes;
	if (reaim_cache_bytes(job) == 0)
		return reaim_skip(job, "needs --cache-fraction");
	if (layout->file_bytes == 0)
		return reaim_fail(job,
				  "a part of %llu bytes of the cache is less than one transfer",
				  (unsigned long long)reaim_cache_bytes(job));
	cache->key = reaim_random(job);
	cache->buffer = disk_alloc(job, layout->chunk_bytes);
	cache->writes = disk_alloc(job, disk_layout_blocks(layout));
	if (cache->buffer == NULL || cache->writes == NULL)
		return REAIM_ERROR;
	error = reaim_path(job, "cache", file->path, sizeof(file->path));
	if (error == REAIM_OK)
		error = disk_open(job, file, O_CREAT | O_EXCL | O_RDWR);
	if (error == REAIM_OK)
		error = disk_write_pattern(job, file, layout, cache->buffer, cache->key);
	if (error == REAIM_OK)
		error = check_resident(job, cache);
	return error;
}

static int setup(struct reaim_job *job)
{
	if (operations_set_up++ > 0)
		return REAIM_OK;
	(void)memset(&cache_of_child, 0, sizeof(cache_of_child));
	return make_cache(job, &cache_of_child);
}

static void teardown(struct reaim_job *job)
{
	struct cache *cache = &cache_of_child;

	(void)job;
	if (--operations_set_up > 0)
		return;
	disk_remove(&cache->file);
	disk_free(cache->buffer, cache->layout.chunk_bytes);
	disk_free(cache->writes, disk_layout_blocks(&cache->layout));
}

static const struct reaim_op disk_cache_rr = {
	.name = "disk_cache_rr",
	.unit = "Random Reads of a Full Cache (K)",
	.doc = "Reads random blocks of a file as large as this child's part of --cache-fraction, made "
	       "before the pass and seen in the cache by mincore(). All bytes are checked.",
	.kind = REAIM_DISK,
	.operations_per_block = 1,
	.setup = setup,
	.run = run_rr,
	.teardown = teardown,
};
REAIM_REGISTER(disk_cache_rr);

static const struct reaim_op disk_cache_update = {
	.name = "disk_cache_update",
	.unit = "Updates of a Full Cache (K)",
	.doc = "Reads and writes random blocks of a file as large as this child's part of "
	       "--cache-fraction, the same as disk_cache_rr's. Each read must find what the "
	       "last write of that block left.",
	.kind = REAIM_DISK,
	.operations_per_block = 1,
	.setup = setup,
	.run = run_update,
	.teardown = teardown,
};
REAIM_REGISTER(disk_cache_update);
