// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a block of a file from disk while other processes read other files from it.
 * Why: how a disk is shared: if it serves one request at a time, the time grows with the number
 * of readers; a device with queues holds it longer.
 * Source: contention, as measured in courses on operating systems: 1 to 10 processes, each with a
 * file of its own, O_DIRECT, block after block.
 */
#include "bench_disk.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <time.h>

enum { READERS = 2, READERS_MAX = 64, ALONE_MAX = 20000 };
enum { FILES_ARE_MADE, READ, STOP }; /* what the other readers are to do */

/* What the readers share. */
struct shared {
	atomic_int phase;
	_Atomic uint64_t blocks[READERS_MAX];
};

struct data {
	struct bench_disk disk;
	struct shared *shared;
	unsigned others;
	unsigned index; /* of this process; 0 is run's own */
	uint64_t seen[READERS_MAX];
	uint64_t alone; /* blocks read since all the others were last seen to read */
};

static int open_own_file(struct bench_state *state)
{
	struct data *data = bench_data(state);

	int error = bench_disk_open(state, &data->disk, NULL,
				    (uint64_t)bench_value(state, "file_bytes"),
				    (size_t)bench_value(state, "block_bytes"), false);
	if (error == 0)
		error = bench_disk_direct(state, &data->disk, O_RDONLY);
	return error;
}

/* The file was opened before the fork; place and buffer are copies. */
static int read_beside(struct bench_state *state)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct data *data = bench_data(state);
	struct shared *shared = data->shared;
	int error = BENCH_OK;

	while (atomic_load(&shared->phase) == FILES_ARE_MADE)
		(void)nanosleep(&pause, NULL);
	while (atomic_load_explicit(&shared->phase, memory_order_relaxed) == READ && error == 0) {
		error = bench_disk_read_next(state, &data->disk);
		atomic_store_explicit(&shared->blocks[data->index], data->disk.blocks_right,
				      memory_order_relaxed);
	}
	return error;
}

/* Files are made one after the other, so that they do not mix on disk. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	unsigned readers = (unsigned)bench_value(state, "readers");

	if (bench_directory(state) == NULL)
		return BENCH_ERROR;
	data->shared = bench_shared(state, sizeof(*data->shared));
	if (data->shared == NULL)
		return BENCH_ERROR;
	for (data->index = 1; data->index < readers; data->index++) {
		int error = open_own_file(state);
		if (error == 0)
			error = bench_spawn(state, read_beside);
		bench_disk_close(&data->disk);
		if (error != 0)
			return error;
		data->others++;
	}
	data->index = 0;
	int error = open_own_file(state);
	if (error == 0)
		atomic_store(&data->shared->phase, READ);
	return error;
}

/* Which all readers have read and found right since setup. */
static uint64_t blocks_of_all(const struct data *data)
{
	uint64_t blocks = data->disk.blocks_right;

	for (unsigned i = 1; i <= data->others; i++)
		blocks += atomic_load_explicit(&data->shared->blocks[i], memory_order_relaxed);
	return blocks;
}

static double now_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* Each reader was at it all the time: the mean time of a block is the time of all of them over
 * the blocks of all of them. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t blocks = blocks_of_all(data);
	double begin_ns = now_ns();
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_disk_read_next(state, &data->disk);
	double readers_ns = (data->others + 1) * (now_ns() - begin_ns);
	blocks = blocks_of_all(data) - blocks;
	if (blocks > 0)
		bench_took_ns(state, readers_ns * (double)iterations / (double)blocks);
	return error;
}

/* The others must go on reading: without them there is no contention. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	unsigned moved = 0;

	for (unsigned i = 1; i <= data->others; i++)
		moved += atomic_load(&data->shared->blocks[i]) != data->seen[i];
	data->alone += iterations;
	if (moved == data->others) {
		data->alone = 0;
		for (unsigned i = 1; i <= data->others; i++)
			data->seen[i] = atomic_load(&data->shared->blocks[i]);
	}
	if (data->alone < ALONE_MAX)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: only %u of %u others read", moved,
			  data->others);
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->disk.blocks_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->shared != NULL)
		atomic_store(&data->shared->phase, STOP);
	bench_disk_close(&data->disk);
}

static const struct bench_parameter parameters[] = {
	{.name = "readers",
	 .about = "processes that read at the same time; 1 to 10 make the usual table",
	 .value = READERS,
	 .min = 1,
	 .max = READERS_MAX},
	{.name = "file_bytes",
	 .about = "size of each reader's file",
	 .value = 16 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 36},
	{.name = "block_bytes",
	 .about = "bytes of each read, of which a device takes whole sectors",
	 .value = 4096,
	 .min = 512,
	 .max = 1 << 20},
	{0},
};

static const struct bench lat_contended_read = {
	.name = "lat_contended_read",
	.summary = "read a block from disk while others read theirs",
	.doc = "Times pread() with O_DIRECT of a file's blocks, one after the other, by several\n"
	       "processes that all do the same, each with a file of its own on the same disk. The\n"
	       "figure is the mean over all of them: their number times the time that passed, divided\n"
	       "by the blocks that all have read meanwhile. They also read between the samples.\n"
	       "readers=1 is lat_disk_read. With same-cpu all share one CPU, which they need little of\n"
	       "unless the disk is fast; with cross-cpu they are spread. Skipped on tmpfs and where\n"
	       "there is no O_DIRECT. Quoted is the median. Work proof: each block begins with the word\n"
	       "of its place in the file, and only such blocks count; each of the other processes must\n"
	       "be seen to go on.\n"
	       "Idea: file system contention in system measurement courses, there too the mean of all\n"
	       "processes, each of which reads its file once.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.tasks_parameter = "readers",
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_contended_read);
