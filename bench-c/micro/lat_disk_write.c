// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: writing a block of a file to disk, past the page cache.
 * Why: what databases and virtual machines do. Without sync= the device may keep the block in its
 * cache; with it each write waits until the block is safe.
 * Source: the reads of lat_disk_read, the other way round; open(2), O_DIRECT and O_DSYNC.
 */
#include "bench_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SYNC_NO, SYNC_YES };

struct data {
	struct bench_disk disk;
	uint64_t stamp; /* first word of the blocks written last */
	uint64_t blocks_written;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int flags = bench_value(state, "sync") == SYNC_YES ? O_RDWR | O_DSYNC : O_RDWR;

	int error = bench_disk_open(state, &data->disk, NULL,
				    (uint64_t)bench_value(state, "file_bytes"),
				    (size_t)bench_value(state, "block_bytes"),
				    bench_value(state, "access") == BENCH_RANDOM);
	if (error == 0)
		error = bench_disk_direct(state, &data->disk, flags);
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	*(uint64_t *)(void *)data->disk.block = ++data->stamp;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct bench_disk *disk = &data->disk;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t offset = bench_order_next(&disk->order);
		ssize_t written =
			pwrite(disk->file.fd, disk->block, disk->block_bytes, (off_t)offset);
		if (written != (ssize_t)disk->block_bytes)
			return bench_fail(state, "write: %s",
					  written < 0 ? strerror(errno) : "short");
		data->blocks_written++;
	}
	return BENCH_OK;
}

/* Past the page cache too, so from where it was written to. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	const struct bench_disk *disk = &data->disk;
	off_t last = (off_t)bench_order_last(&disk->order);
	uint64_t *word = (uint64_t *)(void *)disk->block;

	(void)iterations;
	*word = 0;
	if (pread(disk->file.fd, disk->block, disk->block_bytes, last) ==
		    (ssize_t)disk->block_bytes &&
	    *word == data->stamp)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: the last block is not as written");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->blocks_written;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_disk_close(&data->disk);
}

static const char *const sync_words[] = {"no", "yes", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "access",
	 .about = "blocks one after the other, or each once in random order",
	 .words = bench_access_words},
	{.name = "file_bytes",
	 .about = "size of the file; 4M to 1G make the usual table",
	 .value = 64 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 40},
	{.name = "block_bytes",
	 .about = "bytes of each write, of which a device takes whole sectors",
	 .value = 4096,
	 .min = 512,
	 .max = 16 << 20},
	{.name = "sync",
	 .about = "yes: O_DSYNC, each write waits until the device has it for good",
	 .words = sync_words},
	{0},
};

static const struct bench lat_disk_write = {
	.name = "lat_disk_write",
	.summary = "write a block of a file to disk, in order or at random",
	.doc = "Times pwrite() with O_DIRECT of one block over a file that was written and synced once\n"
	       "before, so that no block is allocated: system call, file system, block layer, device,\n"
	       "interrupt and wake-up. With sync=yes the file is open with O_DSYNC and the device must\n"
	       "flush its cache, or write through it, each time. Order and places are those of\n"
	       "lat_disk_read. Skipped on tmpfs and where there is no O_DIRECT. Quoted is the median.\n"
	       "Work proof: each call must take the whole block, and after each run the last block,\n"
	       "read past the page cache, has that run's number.\n"
	       "Idea: lat_disk_read, the other way round.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_disk_write);
