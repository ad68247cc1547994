// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: storing to every 8-byte word of an area, pass after pass.
 * Why: how fast data goes out to the level that holds the area. Beyond the caches most cores
 * read each line before they write it, so the memory moves twice what is reported.
 * Source: lmbench paper (USENIX 1996), memory bandwidth.
 */
#include "bench_memory.h"

enum { SIZE_DEFAULT = 128 << 20 };

static __attribute__((noinline)) void write_words(bench_word *word, size_t count, uint64_t value)
{
	bench_word *end = word + count;

	for (; word < end; word += BENCH_WORDS_PER_TURN) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < BENCH_WORDS_PER_TURN; i++)
			word[i] = value;
	}
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);
	bench_word *words = areas->to;
	size_t last = areas->words - 1;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t pass = areas->passes_proved + 1;
		write_words(words, areas->words, pass);
		areas->passes_proved += words[last] == pass;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);

	(void)iterations;
	return bench_areas_look(state, areas, areas->passes_proved, 0,
				"the number of the last pass");
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "area that is written; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{0},
};

static const struct bench bw_mem_write = {
	.name = "bw_mem_write",
	.summary = "memory write bandwidth: store every 8-byte word",
	.doc = "Times a loop that stores the number of the pass to every 8-byte word of size_bytes of\n"
	       "populated memory, upwards, 32 words a turn; one operation is one pass. Each word is\n"
	       "stored by an instruction of its own (the stores are volatile): neither vectorised nor\n"
	       "replaced by memset(), so it is a program's ordinary stores that are timed. bw_mem_zero\n"
	       "is what the C library does. The bytes reported are those stored, all of them, where\n"
	       "lmbench's wr stores one int in four and counts the rest; beyond the caches the\n"
	       "memory usually moves twice as much, because a line is read before it is written.\n"
	       "Default 128 MiB, beyond most last-level caches. Base pages. Work proof: a pass counts\n"
	       "only if the last word holds its number; after the first run all words are compared,\n"
	       "after each later one a thousand. Idea: lmbench paper, memory bandwidth.",
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
BENCH_REGISTER(bw_mem_write);
