// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: adding one to every 8-byte word of an area, pass after pass.
 * Why: update in place, the traffic of most programs: each line comes in, is changed and goes
 * out again.
 * Source: lmbench's rdwr, for the question.
 */
#include "bench_memory.h"

enum { SIZE_DEFAULT = 128 << 20 };

static __attribute__((noinline)) void update_words(bench_word *word, size_t count)
{
	bench_word *end = word + count;

	for (; word < end; word += BENCH_WORDS_PER_TURN) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < BENCH_WORDS_PER_TURN; i++)
			word[i]++;
	}
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);
	bench_word *words = areas->to;
	size_t last = areas->words - 1;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t before = words[last];
		update_words(words, areas->words);
		areas->passes_proved += words[last] == before + 1;
	}
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct bench_areas *areas = bench_data(state);

	(void)iterations;
	return bench_areas_look(state, areas, areas->passes_proved, 1, "the sum of all passes");
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "area that is updated; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{0},
};

static const struct bench bw_mem_read_write = {
	.name = "bw_mem_read_write",
	.summary = "memory update bandwidth: add one to every 8-byte word",
	.doc = "Times a loop that loads, increments and stores every 8-byte word of size_bytes of\n"
	       "populated memory, upwards, 32 words a turn; one operation is one pass. Each word has\n"
	       "a load and a store of its own (they are volatile), not vectorised. Each byte is counted\n"
	       "once although it is read and written, so beyond the caches the memory moves twice as\n"
	       "much as reported, as it does for bw_mem_write, whose stores read the line too: about\n"
	       "equal figures are expected there. lmbench's rdwr touches one int in four and counts\n"
	       "all bytes. Default 128 MiB, beyond most last-level caches. Base pages. Work proof: a\n"
	       "pass counts only if the last word grew by one; after the first run every word must be\n"
	       "its first value plus the number of passes, after each later one a thousand of them.\n"
	       "Idea: lmbench's rdwr.",
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
BENCH_REGISTER(bw_mem_read_write);
