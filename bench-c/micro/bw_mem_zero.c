// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: memset() of an area to zero, by the C library.
 * Why: what calloc, the clearing of buffers and, in the kernel, every new page cost. Libraries
 * clear large areas with instructions that do not read the lines first.
 * Source: lmbench's bzero, for the question.
 */
#include "bench_memory.h"

#include <string.h>

enum { SIZE_DEFAULT = 128 << 20, MARKS = 3 };

/* Marks at the start, in the middle and at the end must be gone after each pass. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);
	size_t words = areas->words;
	bench_word *marks[MARKS] = {&areas->to[0], &areas->to[words / 2], &areas->to[words - 1]};

	for (uint64_t i = 0; i < iterations; i++) {
		for (unsigned j = 0; j < MARKS; j++)
			*marks[j] = 1;
		memset(areas->to, 0, words * sizeof(uint64_t));
		bench_barrier();
		areas->passes_proved += (*marks[0] | *marks[1] | *marks[2]) == 0;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);

	(void)iterations;
	return bench_areas_look(state, areas, 0, 0, "zero");
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "area that is cleared; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{0},
};

static const struct bench bw_mem_zero = {
	.name = "bw_mem_zero",
	.summary = "memory clearing bandwidth: memset() to zero",
	.doc = "Times memset() to zero of size_bytes of populated memory by the C library (linked\n"
	       "statically); one operation is one pass, and the bytes reported are those cleared. The\n"
	       "library chooses the instructions: string stores, vectors, or non-temporal stores that\n"
	       "do not read a line before they write it, so the figure may be well above bw_mem_write's\n"
	       "and changes with the library and the CPU, not with the kernel. The kernel clears new\n"
	       "pages with its own loop, which this is not. Default 128 MiB, beyond most last-level\n"
	       "caches. Base pages. Work proof: three marks set before each pass, at both ends and in\n"
	       "the middle, must be gone after it; after the first run all words are compared with\n"
	       "zero, after each later one a thousand. Idea: lmbench's bzero.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct bench_areas),
	.setup = bench_areas_setup,
	.run = run,
	.restore = restore,
	.work = bench_areas_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(bw_mem_zero);
