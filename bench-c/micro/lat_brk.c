// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the brk system call, growing the heap and shrinking it again.
 * Why: how malloc() gets small memory from the kernel and gives it back: the shortest change of
 * an address space.
 * Source: brk(2); the system allocation tests of old Unix benchmarks.
 */
#include "bench_pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS_PER_ITERATION = 2 };

struct data {
	uintptr_t usual; /* as libc left it, and as it must be when libc may use it */
	uintptr_t low;
	uintptr_t high;
	uint64_t calls_right;
};

/* The system call answers with the break as it is: the old one, if it did not do as told. */
static uintptr_t set_break(uintptr_t wanted)
{
	return (uintptr_t)syscall(SYS_brk, wanted);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t page_bytes = bench_page_bytes();

	data->usual = set_break(0);
	data->low = (data->usual + page_bytes - 1) / page_bytes * page_bytes + 2 * page_bytes;
	data->high = data->low + (uintptr_t)bench_value(state, "size_bytes");
	int error = bench_memory_check(state, data->high - data->low);
	if (error != 0)
		return error;
	bool can = set_break(data->high) == data->high;
	if (set_break(data->usual) != data->usual)
		return bench_fail(state, "brk does not go back");
	if (!can)
		return bench_skip(state, "the heap cannot grow; needs a higher limit (ulimit -d)");
	return BENCH_OK;
}

/* What grows is a mapping of one page in use, kept apart from libc's heap by an inaccessible
 * page: that one is as large, and as often inherited by fork, as the program's past made it, and
 * splitting it costs accordingly. */
static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	size_t page_bytes = bench_page_bytes();
	char *top = (char *)data->low;

	(void)iterations;
	if (set_break(data->low) != data->low)
		return bench_fail(state, "the heap cannot grow any more");
	if (mprotect(top - 2 * page_bytes, page_bytes, PROT_NONE) != 0)
		return bench_fail(state, "mprotect: %s", strerror(errno));
	bench_pages_touch(top - page_bytes, page_bytes, page_bytes);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uintptr_t low = data->low;
	uintptr_t high = data->high;
	uint64_t calls_right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		calls_right += set_break(high) == high;
		calls_right += set_break(low) == low;
	}
	data->calls_right += calls_right;
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	(void)iterations;
	if (set_break(data->usual) == data->usual)
		return BENCH_OK;
	return bench_fail(state, "brk does not go back");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->calls_right;
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "by how much the heap grows and shrinks",
	 .value = 4096,
	 .min = 4096,
	 .max = INT64_C(1) << 32},
	{0},
};

static const struct bench lat_brk = {
	.name = "lat_brk",
	.summary = "grow or shrink the heap",
	.doc = "Times the brk system call, by syscall(): the heap grows by size_bytes and shrinks again,\n"
	       "an operation being one of the two calls. Nothing touches the memory, so there is no page\n"
	       "to fault in or to free: the figure is the change of the mapping alone (see\n"
	       "lat_fault_anonymous for the pages). Growing extends a mapping of one page in use, made for\n"
	       "this above libc's heap, shrinking cuts the piece off again and costs more; the figure is\n"
	       "their mean. Work proof: each call's answer is compared with the break asked for.\n"
	       "Idea: the memory allocation tests of old Unix benchmark suites, which go through sbrk()\n"
	       "and so through libc's memory of the last break.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.operations_per_iteration = CALLS_PER_ITERATION,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_MINOR_FAULTS, 0, 0.05}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
};
BENCH_REGISTER(lat_brk);
