// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: mremap() that moves memory whose pages are there to another address.
 * Why: how realloc() grows large blocks without copying: only page table entries move.
 * Source: mremap(2); beside memory mapping in the lmbench paper (USENIX 1996).
 */
#include "bench_pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { MOVES_PER_ITERATION = 2 };

struct data {
	struct bench_pages here; /* where the memory is between runs */
	struct bench_pages there;
	uint64_t moves_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t bytes = (size_t)bench_value(state, "size_bytes");

	int error = bench_pages_map(state, &data->here, bytes);
	if (error == 0)
		error = bench_pages_reserve(state, &data->there, bytes);
	if (error != 0)
		return error;
	for (size_t offset = 0; offset < data->here.bytes; offset += data->here.page_bytes)
		*(uint64_t *)(void *)(data->here.start + offset) = offset + 1;
	return BENCH_OK;
}

/* The last page's word comes along. */
static bool move(char *from, char *to, size_t bytes, size_t last)
{
	return mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to &&
	       *(const volatile uint64_t *)(const void *)(to + last) == last + 1;
}

/* What leaves a place leaves a hole, so nothing else may be mapped meanwhile. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *here = data->here.start;
	char *there = data->there.start;
	size_t bytes = data->here.bytes;
	size_t last = bytes - data->here.page_bytes;
	uint64_t moves_right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		moves_right += move(here, there, bytes, last);
		moves_right += move(there, here, bytes, last);
	}
	data->moves_right += moves_right;
	return BENCH_OK;
}

/* Close the hole again. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	(void)iterations;
	if (mmap(data->there.start, data->there.bytes, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		 0) != data->there.start)
		return bench_fail(state, "mmap: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->moves_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_pages_unmap(&data->here);
	bench_pages_unmap(&data->there);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of the memory, every page of it written",
	 .value = 64 << 10,
	 .min = 4096,
	 .max = INT64_C(1) << 32},
	{0},
};

static const struct bench lat_mremap = {
	.name = "lat_mremap",
	.summary = "move memory that is in use to another address",
	.doc = "Times mremap() of a whole anonymous mapping whose pages were written, to a fixed other\n"
	       "address and back, an operation being one move: page table entries move, translations\n"
	       "are forgotten, nothing is copied. Moves of 2 MiB and more may go faster, as whole page\n"
	       "tables move. Huge pages are forbidden. After each move one word is read, which costs a\n"
	       "walk of the page tables and no fault. Work proof: each call must answer with the\n"
	       "address asked for, the word must have come along, and the kernel must count no faults.\n"
	       "Idea: this program's own, beside memory mapping in the lmbench paper.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.operations_per_iteration = MOVES_PER_ITERATION,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_MINOR_FAULTS, 0, 0.05}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_mremap);
