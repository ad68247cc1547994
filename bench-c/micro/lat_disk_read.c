// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a block of a file from disk, past the page cache.
 * Why: what a miss of the page cache costs. In order the device streams; at random it must seek,
 * or nowadays look up where the block is; the difference is the device's.
 * Source: file read time, as measured in courses on operating systems: sequential and random
 * reads of 4 KiB blocks with O_DIRECT, files of 4 MiB to 1 GiB; open(2).
 */
#include "bench_disk.h"

#include <fcntl.h>

static int setup(struct bench_state *state)
{
	struct bench_disk *disk = bench_data(state);

	int error = bench_disk_open(state, disk, NULL, (uint64_t)bench_value(state, "file_bytes"),
				    (size_t)bench_value(state, "block_bytes"),
				    bench_value(state, "access") == BENCH_RANDOM);
	if (error == 0)
		error = bench_disk_direct(state, disk, O_RDONLY);
	return error;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_disk_read_next(state, bench_data(state));
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct bench_disk *disk = bench_data(state);

	return disk->blocks_right;
}

static void teardown(struct bench_state *state)
{
	bench_disk_close(bench_data(state));
}

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
	 .about = "bytes of each read, of which a device takes whole sectors",
	 .value = 4096,
	 .min = 512,
	 .max = 16 << 20},
	{0},
};

static const struct bench lat_disk_read = {
	.name = "lat_disk_read",
	.summary = "read a block of a file from disk, in order or at random",
	.doc = "Times pread() with O_DIRECT of one block of a file, which is written and synced once\n"
	       "before: system call, file system, block layer, device, interrupt and wake-up. In\n"
	       "sequential access the blocks follow one another, nothing is read ahead by the kernel,\n"
	       "and the disk may do it; random access visits every block once in a fixed random order\n"
	       "before it starts again. A virtual disk may answer from its host's memory: then both\n"
	       "are alike. Skipped on tmpfs and where there is no O_DIRECT. Quoted is the median. Work\n"
	       "proof: each block begins with the word of its place in the file.\n"
	       "Idea: file read time in system measurement courses, there with random blocks drawn\n"
	       "anew each time; the lmbench paper leaves disk reads out on purpose.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MAJOR_FAULTS, 0, 0.1}},
	.parameters = parameters,
	.data_size = sizeof(struct bench_disk),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_disk_read);
