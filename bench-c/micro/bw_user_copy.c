// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: pwrite() to, or pread() from, pages of an anonymous file that are already in memory.
 * Why: the copy between user and kernel memory, which every read, write and message pays: its
 * fixed cost with small sizes, its speed with large ones.
 * Source: the cached file reading of the lmbench paper (USENIX 1996), reduced to the copy;
 * memfd_create(2), pread(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 65536, BYTES_MIN = 64, BYTES_MAX = 1 << 20, PATTERN = 0x5a };

struct data {
	struct bench_calls calls;
	int (*loop)(struct bench_state *state, uint64_t iterations);
	long size;
	char *bytes;
};

static const char *const directions[] = {"from_kernel", "to_kernel", NULL};

static int from_kernel(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *const bytes = data->bytes;
	const long size = data->size;
	const int fd = data->calls.fd;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_pread64, fd, bytes, size, 0) != size)
			return bench_fail(state, "pread: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static int to_kernel(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const char *const bytes = data->bytes;
	const long size = data->size;
	const int fd = data->calls.fd;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_pwrite64, fd, bytes, size, 0) != size)
			return bench_fail(state, "pwrite: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static bool is_pattern(const char *bytes, long size)
{
	return bytes[0] == PATTERN && bytes[size - 1] == PATTERN;
}

/* What is copied differs from what was there: the copy shows at both its ends. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	bool writes = bench_value(state, "direction") == 1;

	data->loop = writes ? to_kernel : from_kernel;
	data->size = (long)bench_value(state, "size_bytes");
	data->bytes = malloc((size_t)data->size);
	if (data->bytes == NULL)
		return bench_fail(state, "no memory for %ld bytes", data->size);
	data->calls.fd = memfd_create("kbench", MFD_CLOEXEC);
	if (data->calls.fd < 0)
		return bench_skip(state, "needs memfd_create: %s", strerror(errno));
	memset(data->bytes, writes ? 0 : PATTERN, (size_t)data->size);
	if (pwrite(data->calls.fd, data->bytes, (size_t)data->size, 0) != data->size)
		return bench_fail(state, "pwrite: %s", strerror(errno));
	memset(data->bytes, writes ? PATTERN : 0, (size_t)data->size);
	bench_set_bytes_per_operation(state, (uint64_t)data->size);
	return BENCH_OK;
}

static int check_copy(struct bench_state *state, struct data *data)
{
	char ends[2] = {0};

	if (pread(data->calls.fd, &ends[0], 1, 0) != 1 ||
	    pread(data->calls.fd, &ends[1], 1, data->size - 1) != 1)
		return bench_fail(state, "pread: %s", strerror(errno));
	if (is_pattern(ends, 2) && is_pattern(data->bytes, data->size))
		return BENCH_OK;
	return bench_fail(state, "the bytes did not arrive");
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	return check_copy(state, bench_data(state));
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	bench_calls_teardown(state);
	free(data->bytes);
}

static const struct bench_parameter parameters[] = {
	{.name = "direction", .about = "seen from the user", .words = directions},
	{.name = "size_bytes",
	 .about = "of one call",
	 .value = BYTES,
	 .min = BYTES_MIN,
	 .max = BYTES_MAX},
	{0},
};

static const struct bench bw_user_copy = {
	.name = "bw_user_copy",
	.summary = "copy between user memory and the kernel",
	.doc = "Times syscall(SYS_pread64) (direction=from_kernel) or syscall(SYS_pwrite64)\n"
	       "(direction=to_kernel) of `size_bytes` at the start of a memfd whose pages are all there. In it\n"
	       "beside the copy: kernel entry, the open file, the lookup of each page (4 KiB, unless huge\n"
	       "pages are forced for shared memory) in the page cache with a reference to it, and for writing\n"
	       "the file's lock and its times. No page is allocated, no page faults, nothing is written back.\n"
	       "The same pages are used each time, so up to the size of a cache both ends are in it: with\n"
	       "65536 bytes the figure is that of the second level cache, not of memory. Each byte is counted\n"
	       "once, as copied. Work proof: each call answers with the whole size, and bytes at both ends\n"
	       "have changed into what was copied. Idea: cached file reading of the lmbench paper.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.restore = restore,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_user_copy);
