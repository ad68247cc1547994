// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: mprotect() that takes the right to write from memory whose pages are there, and one
 * that gives it back.
 * Why: garbage collectors, just-in-time compilers and loaders do it all the time; it changes
 * each page's entry and makes the CPU forget the translations.
 * Source: mprotect(2); beside memory mapping in the lmbench paper (USENIX 1996).
 */
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CALLS_PER_ITERATION = 2 };

struct data {
	struct bench_pages pages;
	int zero; /* /dev/zero: a read() from it tells whether the memory may be written */
	uint64_t calls_right;
};

static bool is_writable(const struct data *data)
{
	char *last = data->pages.start + data->pages.bytes - 1;

	return read(data->zero, last, 1) == 1;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (data->zero < 0)
		return bench_skip(state, "needs /dev/zero: %s", strerror(errno));
	int error = bench_pages_map(state, &data->pages, (size_t)bench_value(state, "size_bytes"));
	if (error != 0)
		return error;
	bench_pages_touch(data->pages.start, data->pages.bytes, data->pages.page_bytes);
	if (mprotect(data->pages.start, data->pages.bytes, PROT_READ) != 0 || is_writable(data))
		return bench_fail(state, "mprotect does not protect");
	if (mprotect(data->pages.start, data->pages.bytes, PROT_READ | PROT_WRITE) != 0)
		return bench_fail(state, "mprotect: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *start = data->pages.start;
	size_t bytes = data->pages.bytes;
	uint64_t calls_right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		calls_right += mprotect(start, bytes, PROT_READ) == 0;
		calls_right += mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
	}
	data->calls_right += calls_right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	if (is_writable(bench_data(state)))
		return BENCH_OK;
	return bench_fail(state, "work proof failed: the memory may not be written again");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->calls_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->pages);
	if (data->zero > 0)
		(void)close(data->zero);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the memory, every page of it written",
	 .value = 64 << 10,
	 .min = 4096,
	 .max = INT64_C(1) << 32},
	{0},
};

static const struct bench lat_mprotect = {
	.name = "lat_mprotect",
	.summary = "change the protection of memory that is in use",
	.doc = "Times mprotect() of a whole anonymous mapping whose pages were written: to read-only and\n"
	       "back to read and write in turn, an operation being one call. Guards beside the mapping\n"
	       "keep the kernel from splitting and merging mappings, which is a cost of its own; huge\n"
	       "pages are forbidden. Nothing touches the memory in between, so no fault is in the\n"
	       "figure. Work proof: each call must succeed; at the start a read() into the memory must\n"
	       "fail while it is read-only, and after each run succeed; the kernel must count no faults.\n"
	       "Idea: this program's own, beside memory mapping in the lmbench paper.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.operations_per_iteration = CALLS_PER_ITERATION,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_MINOR_FAULTS, 0, 0.05}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_mprotect);
