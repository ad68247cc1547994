// SPDX-License-Identifier: GPL-2.0-or-later
#include "disk_test.h"

#include "disk_direct.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Above this a queue of large blocks gets shorter instead of larger. */
enum { QUEUE_BYTES = 4 * 1024 * 1024, QUEUE_DEPTH_MIN = 2, KIB = 1024 };

int disk_test_layout(struct reaim_job *job, struct disk_layout *layout)
{
	layout->file_bytes = (uint64_t)reaim_blocks(job) * KIB;
	layout->block_bytes = reaim_block_bytes(job);
	if (layout->block_bytes > layout->file_bytes)
		return reaim_fail(
			job,
			"a transfer of %zu bytes is larger than the file of %zu KiB: raise "
			"FILESIZE or lower --block-size",
			layout->block_bytes, reaim_blocks(job));
	size_t blocks = DISK_CHUNK_BYTES / layout->block_bytes;
	layout->chunk_bytes = (blocks > 0 ? blocks : 1) * layout->block_bytes;
	return REAIM_OK;
}

/* Each queued transfer has a buffer of its own, on a page boundary. */
static size_t slot_bytes(const struct disk_layout *layout)
{
	return (layout->block_bytes + DISK_PAGE_BYTES - 1) / DISK_PAGE_BYTES * DISK_PAGE_BYTES;
}

static unsigned int queue_depth(const struct disk_layout *layout)
{
	size_t depth = QUEUE_BYTES / slot_bytes(layout);

	if (depth > DISK_QUEUE_DEPTH)
		return DISK_QUEUE_DEPTH;
	return depth < QUEUE_DEPTH_MIN ? QUEUE_DEPTH_MIN : (unsigned int)depth;
}

/* Finds out on a file of no use whether direct transfers can work at all. */
static int probe_direct(struct reaim_job *job, struct disk_test *test)
{
	struct disk_file *file = &test->file;
	int error = reaim_path(job, "probe", file->path, sizeof(file->path));

	if (error == REAIM_OK)
		error = disk_open(job, file, O_CREAT | O_EXCL | O_RDWR | O_DIRECT);
	if (error == REAIM_OK)
		error = disk_direct_fit(job, file, &test->layout, test->buffer);
	disk_remove(file);
	return error;
}

int disk_test_setup(struct reaim_job *job, const struct disk_plan *plan)
{
	struct disk_test *test = reaim_data(job);
	int error = disk_test_layout(job, &test->layout);

	test->plan = plan;
	test->file.fd = -1;
	test->copy.fd = -1;
	if (error != REAIM_OK)
		return error;

	unsigned int depth = queue_depth(&test->layout);
	size_t queue_bytes = plan->engine == NULL ? 0 : depth * slot_bytes(&test->layout);
	test->buffer_bytes =
		queue_bytes > test->layout.chunk_bytes ? queue_bytes : test->layout.chunk_bytes;
	test->buffer = disk_alloc(job, test->buffer_bytes);
	if (test->buffer == NULL)
		return REAIM_ERROR;
	if ((plan->open_flags & O_DIRECT) != 0)
		error = probe_direct(job, test);
	if (error != REAIM_OK)
		return error;
	test->written = disk_alloc(job, disk_layout_blocks(&test->layout));
	if (test->written == NULL)
		return REAIM_ERROR;
	if (plan->engine != NULL)
		error = disk_queue_open(job, &test->queue, plan->engine, depth);
	return error;
}

void disk_test_teardown(struct reaim_job *job)
{
	struct disk_test *test = reaim_data(job);

	disk_queue_close(&test->queue); /* first: it may still use the buffer */
	disk_free(test->buffer, test->buffer_bytes);
	disk_free(test->written, disk_layout_blocks(&test->layout));
	test->buffer = NULL;
	test->written = NULL;
}

/* The released program flushes the whole machine; the file system under test is enough. */
static int sync_file(struct reaim_job *job, const struct disk_file *file)
{
	if (reaim_compatible(job))
		sync();
	else if (syncfs(file->fd) != 0)
		return reaim_fail(job, "syncfs %s: %m", file->path);
	return REAIM_OK;
}

/* Setup has seen one directory of those that jobs take in turn; a skip now would leave half. */
static int check_direct(struct reaim_job *job, const struct disk_test *test)
{
	struct disk_layout layout = test->layout;

	if (disk_direct_fit(job, &test->file, &layout, NULL) != REAIM_OK)
		return REAIM_ERROR;
	if (layout.file_bytes != test->layout.file_bytes)
		return reaim_fail(job, "%s: the disk directories need transfers of other sizes",
				  test->file.path);
	return REAIM_OK;
}

static int make_file(struct reaim_job *job, struct disk_test *test)
{
	struct disk_file *file = &test->file;
	int error = reaim_path(job, "disk", file->path, sizeof(file->path));

	if (error == REAIM_OK)
		error = disk_open(job, file, O_CREAT | O_EXCL | O_WRONLY);
	if (error == REAIM_OK)
		error = disk_write_pattern(job, file, &test->layout, test->buffer, test->old_key);
	if (error == REAIM_OK && test->plan->synced && reaim_sync_wanted(job))
		error = sync_file(job, file);
	if (error == REAIM_OK)
		error = disk_close(job, file);
	if (error == REAIM_OK)
		error = disk_open(job, file, O_RDWR | test->plan->open_flags);
	if (error == REAIM_SKIP)
		return REAIM_ERROR;
	if (error == REAIM_OK && (test->plan->open_flags & O_DIRECT) != 0)
		error = check_direct(job, test);
	return error;
}

static int make_copy(struct reaim_job *job, struct disk_test *test)
{
	struct disk_file *copy = &test->copy;
	int error = reaim_path(job, "copy", copy->path, sizeof(copy->path));

	if (error == REAIM_OK)
		error = disk_open(job, copy, O_CREAT | O_EXCL | O_RDWR | test->plan->open_flags);
	return error;
}

static uint64_t next_block(struct reaim_job *job, struct disk_test *test)
{
	if (test->plan->random)
		return reaim_random_below(job, disk_layout_blocks(&test->layout));
	return test->next++;
}

static uint64_t transfers_of(const struct disk_test *test)
{
	uint64_t blocks = disk_layout_blocks(&test->layout);

	return test->plan->half ? (blocks + 1) / 2 : blocks;
}

static uint64_t key_of(const struct disk_test *test, uint64_t block)
{
	return test->written[block] != 0 ? test->new_key : test->old_key;
}

/* One after another. */

static int move_block(struct reaim_job *job, struct disk_test *test, uint64_t block)
{
	enum disk_action action = test->plan->action;
	const struct disk_file *to = action == DISK_COPY ? &test->copy : &test->file;
	uint64_t offset = block * test->layout.block_bytes;
	size_t bytes = disk_layout_bytes_of(&test->layout, block);
	int error = REAIM_OK;

	if (action != DISK_WRITE)
		error = disk_read(job, &test->file, test->buffer, bytes, offset);
	if (error == REAIM_OK && (action == DISK_READ || action == DISK_UPDATE))
		error = disk_check(job, &test->file, test->buffer, bytes, offset,
				   key_of(test, block));
	if (error == REAIM_OK && (action == DISK_WRITE || action == DISK_UPDATE)) {
		disk_fill(test->buffer, bytes, offset, test->new_key);
		test->written[block] = 1;
	}
	if (error == REAIM_OK && action != DISK_READ)
		error = disk_write(job, to, test->buffer, bytes, offset);
	if (error == REAIM_OK)
		reaim_did(job, bytes);
	return error;
}

static int move_in_turn(struct reaim_job *job, struct disk_test *test)
{
	uint64_t transfers = transfers_of(test);
	int error = REAIM_OK;

	for (uint64_t i = 0; i < transfers && error == REAIM_OK; i++)
		error = move_block(job, test, next_block(job, test));
	return error;
}

/* Several at once. */

static int prepare(struct reaim_job *job, struct disk_transfer *transfer)
{
	struct disk_test *test = reaim_data(job);
	uint64_t block = next_block(job, test);
	size_t slot = (size_t)(transfer - test->queue.transfers);

	transfer->fd = test->file.fd;
	transfer->write = test->plan->action == DISK_WRITE;
	transfer->block = block;
	transfer->offset = block * test->layout.block_bytes;
	transfer->bytes = disk_layout_bytes_of(&test->layout, block);
	transfer->buffer = test->buffer + slot * slot_bytes(&test->layout);
	if (transfer->write)
		disk_fill(transfer->buffer, transfer->bytes, transfer->offset, test->new_key);
	return REAIM_OK;
}

static int finish(struct reaim_job *job, const struct disk_transfer *transfer)
{
	struct disk_test *test = reaim_data(job);
	int error = REAIM_OK;

	if (transfer->write)
		test->written[transfer->block] = 1;
	else
		error = disk_check(job, &test->file, transfer->buffer, transfer->bytes,
				   transfer->offset, test->old_key);
	if (error == REAIM_OK)
		reaim_did(job, transfer->bytes);
	return error;
}

static int move_queued(struct reaim_job *job, struct disk_test *test)
{
	struct disk_work work = {
		.transfers = transfers_of(test),
		.prepare = prepare,
		.finish = finish,
	};

	return disk_queue_run(job, &test->queue, &work);
}

/* What is in the file after the test: the first `blocks` blocks, in chunks. */
static int read_back(struct reaim_job *job, struct disk_test *test, const struct disk_file *file,
		     uint64_t blocks)
{
	const struct disk_layout *layout = &test->layout;
	uint64_t per_chunk = layout->chunk_bytes / layout->block_bytes;
	int error = REAIM_OK;

	for (uint64_t first = 0; first < blocks && error == REAIM_OK; first += per_chunk) {
		uint64_t end = first + per_chunk < blocks ? first + per_chunk : blocks;
		uint64_t start = first * layout->block_bytes;
		size_t bytes = (size_t)((end - 1) * layout->block_bytes - start) +
			       disk_layout_bytes_of(layout, end - 1);
		error = disk_read(job, file, test->buffer, bytes, start);
		for (uint64_t block = first; block < end && error == REAIM_OK; block++) {
			uint64_t offset = block * layout->block_bytes;
			error = disk_check(job, file, test->buffer + (offset - start),
					   disk_layout_bytes_of(layout, block), offset,
					   key_of(test, block));
		}
	}
	return error;
}

static int check_result(struct reaim_job *job, struct disk_test *test)
{
	switch (test->plan->action) {
	case DISK_READ:
		return REAIM_OK; /* checked as it came */
	case DISK_COPY:
		return read_back(job, test, &test->copy, transfers_of(test));
	case DISK_WRITE:
	case DISK_UPDATE:
		return read_back(job, test, &test->file, disk_layout_blocks(&test->layout));
	}
	return reaim_fail(job, "no such action");
}

int disk_test_run(struct reaim_job *job)
{
	struct disk_test *test = reaim_data(job);
	uint64_t blocks = disk_layout_blocks(&test->layout);

	test->old_key = reaim_random(job);
	test->new_key = reaim_random(job);
	test->next = 0;
	for (uint64_t block = 0; block < blocks; block++)
		test->written[block] = 0;
	int error = make_file(job, test);
	if (error == REAIM_OK && test->plan->action == DISK_COPY)
		error = make_copy(job, test);
	if (error == REAIM_OK)
		error = test->plan->engine == NULL ? move_in_turn(job, test)
						   : move_queued(job, test);
	if (error == REAIM_OK)
		error = check_result(job, test);
	if (error == REAIM_OK && test->plan->action == DISK_COPY)
		error = disk_close(job, &test->copy);
	if (error == REAIM_OK)
		error = disk_close(job, &test->file);
	disk_remove(&test->copy);
	disk_remove(&test->file);
	return error;
}
