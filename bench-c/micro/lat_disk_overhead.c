// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the CPU time, not the time, of a small read from disk past the page cache.
 * Why: with disks enough the processor is what bounds the operations per second: one second
 * divided by this is that bound, for one CPU.
 * Source: lmbench paper (USENIX 1996), disk latency: the overhead of one SCSI command.
 */
#include "bench_disk.h"

#include <fcntl.h>
#include <time.h>

static int setup(struct bench_state *state)
{
	struct bench_disk *disk = bench_data(state);

	int error = bench_disk_open(state, disk, NULL, (uint64_t)bench_value(state, "file_bytes"),
				    (size_t)bench_value(state, "block_bytes"), false);
	if (error == 0)
		error = bench_disk_direct(state, disk, O_RDONLY);
	return error;
}

/* User and system time of this thread, to the nanosecond that the scheduler accounts in. */
static double cpu_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_disk *disk = bench_data(state);
	double begin_ns = cpu_ns();
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_disk_read_next(state, disk);
	bench_took_ns(state, cpu_ns() - begin_ns);
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
	{.name = "block_bytes",
	 .about = "bytes of each read; the paper has 512, which not every device takes",
	 .value = 4096,
	 .min = 512,
	 .max = 1 << 20},
	{.name = "file_bytes",
	 .about = "size of the file",
	 .value = 16 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 40},
	{0},
};

static const struct bench lat_disk_overhead = {
	.name = "lat_disk_overhead",
	.summary = "CPU time of one small sequential read from disk",
	.doc = "Times, by the thread's CPU clock (user and system), pread() with O_DIRECT of small blocks\n"
	       "one after the other, which the disk has in its buffer or reads ahead: system call, file\n"
	       "system, block layer, submission, going to sleep and waking. Waiting is not in it, hence\n"
	       "the figure is not lat_disk_read. Nor is what other tasks, or interrupts that come while\n"
	       "this one sleeps, spend on the operation. Neither clock nor loop is subtracted. Skipped\n"
	       "on tmpfs and where there is no O_DIRECT. Work proof: each block begins with the word of\n"
	       "its place in the file.\n"
	       "Idea: lmbench paper, disk latency: overhead of a SCSI command. It divides the load of a\n"
	       "CPU by the operations done, reading 512 bytes from a raw disk; here a file does, so that\n"
	       "no device needs to be named, and the file system is in the figure.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct bench_disk),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_disk_overhead);
