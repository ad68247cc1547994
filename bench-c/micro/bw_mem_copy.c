// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: copying one area to another, by the C library or by plain loads and stores.
 * Why: the operation that kernels and programs do most with memory. The two methods differ
 * because a library may use wider, prefetching or non-temporal instructions.
 * Source: lmbench paper (USENIX 1996), memory bandwidth: bcopy, libc and unrolled.
 */
#include "bench_memory.h"

#include <string.h>

enum { SIZE_DEFAULT = 128 << 20, METHOD_LIBC = 0 };

static const char *const methods[] = {"libc", "unrolled", NULL};

typedef void copy_fn(uint64_t *to, const uint64_t *from, size_t words);

struct data {
	struct bench_areas areas;
	copy_fn *copy;
};

static __attribute__((noinline)) void copy_libc(uint64_t *to, const uint64_t *from, size_t words)
{
	memcpy(to, from, words * sizeof(*to));
	bench_barrier();
}

static __attribute__((noinline)) void copy_unrolled(uint64_t *to, const uint64_t *from,
						    size_t words)
{
	bench_word *target = to;
	const bench_word *source = from;
	const bench_word *end = source + words;

	for (; source < end; source += BENCH_WORDS_PER_TURN, target += BENCH_WORDS_PER_TURN) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < BENCH_WORDS_PER_TURN; i++)
			target[i] = source[i];
	}
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->copy = bench_value(state, "method") == METHOD_LIBC ? copy_libc : copy_unrolled;
	return bench_areas_open(state, &data->areas, 2);
}

/* The last word is another on each pass: it can only have come with that pass's copy. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t last = data->areas.words - 1;
	bench_word *sent = &data->areas.from[last];
	bench_word *received = &data->areas.to[last];

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t pass = data->areas.passes_proved + 1;
		*sent = pass;
		data->copy(data->areas.to, data->areas.from, data->areas.words);
		data->areas.passes_proved += *received == pass;
	}
	return BENCH_OK;
}

/* The last word was the number of the pass, which run has checked. */
static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	(void)iterations;
	data->areas.to[data->areas.words - 1] = bench_word_value(data->areas.words - 1);
	return bench_areas_look(state, &data->areas, 0, 1, "what was copied");
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "area that is copied to another of the same size; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 4096,
	 .max = 1 << 30},
	{.name = "method",
	 .about = "memcpy() of the C library, or 8-byte loads and stores, 32 a turn",
	 .words = methods},
	{0},
};

static const struct bench bw_mem_copy = {
	.name = "bw_mem_copy",
	.summary = "memory copy bandwidth: memcpy() or 8-byte words",
	.doc = "Times copies of size_bytes from one populated area to another; one operation is one\n"
	       "copy and bytes are counted once, as copied. method=libc is memcpy(), whose choice of\n"
	       "instructions belongs to the C library (linked statically) and may write around the\n"
	       "caches for large sizes; method=unrolled loads and stores every 8-byte word, 32 a turn,\n"
	       "with instructions of their own (volatile), so it is the same for every compiler. The\n"
	       "paper counts the memory moved as two or three times the figure: read, read before\n"
	       "write, written. The areas lie 33 lines apart, so that equal offsets do not share a\n"
	       "cache set; where they lie decides about a sixth of what memcpy() reaches. Default:\n"
	       "128 MiB to 128 MiB, beyond most last-level caches, as the paper's 8 MiB were then.\n"
	       "Base pages. Work proof: the last word changes with each copy and must arrive; after\n"
	       "the first run all words are compared, after each later one a thousand. Idea: lmbench\n"
	       "paper; its cp copies one int in four and counts all bytes.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 60,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.restore = restore,
	.work = bench_areas_work,
	.teardown = bench_memory_teardown,
};
BENCH_REGISTER(bw_mem_copy);
