// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: adding up every 8-byte word of an area, pass after pass.
 * Why: how fast data comes in from the level that holds the area. The sum makes the loads
 * necessary and costs less than they do.
 * Source: lmbench paper (USENIX 1996), memory bandwidth.
 */
#include "bench_memory.h"

enum { SIZE_DEFAULT = 128 << 20 };

struct data {
	struct bench_areas areas;
	uint64_t sum; /* of the words, worked out without reading them */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	int error = bench_areas_setup(state);
	for (size_t i = 0; i < data->areas.words; i++)
		data->sum += bench_word_value(i);
	return error;
}

/* Four sums, so that no addition waits for the one just before. The empty instruction keeps
 * the compiler from adding several words at once. */
static __attribute__((noinline)) uint64_t read_words(const uint64_t *word, size_t count)
{
	const uint64_t *end = word + count;
	uint64_t sums[4] = {0};

	for (; word < end; word += BENCH_WORDS_PER_TURN) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < BENCH_WORDS_PER_TURN; i++) {
			sums[i % 4] += word[i];
			__asm__ volatile("" : "+r"(sums[i % 4]));
		}
	}
	return sums[0] + sums[1] + sums[2] + sums[3];
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t right_sums = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right_sums += read_words(data->areas.from, data->areas.words) == data->sum;
	data->areas.passes_proved += right_sums;
	return BENCH_OK;
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about =
		 "area that is read; compare copies or machines at the same size; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{0},
};

static const struct bench bw_mem_read = {
	.name = "bw_mem_read",
	.summary = "memory read bandwidth: sum every 8-byte word",
	.doc = "Times a loop that loads every 8-byte word of size_bytes of populated memory, upwards,\n"
	       "and adds it to one of four sums, 32 words a turn; one operation is one pass. Each word is\n"
	       "loaded by an instruction of its own: not vectorised, so the\n"
	       "figure says the same for every compiler, and beyond the caches the memory, not the\n"
	       "core, is the limit; in the first cache it is the core's scalar load rate. All bytes\n"
	       "counted are touched, where lmbench's rd loads one int in four and counts the rest.\n"
	       "Hardware prefetch is part of the figure. Default 128 MiB, beyond most last-level\n"
	       "caches; the paper's 8 MiB no longer is. copies=N asks how bandwidth grows with CPUs.\n"
	       "Base pages. Work proof: a pass counts only if its sum is the one worked out from how\n"
	       "the words were made. Idea: lmbench paper, memory bandwidth.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_areas_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(bw_mem_read);
