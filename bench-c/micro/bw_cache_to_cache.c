// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading an area that a thread on another CPU has just written.
 * Why: data handed from one CPU to another, as pipes, sockets and work queues do, comes out of
 * the other core's cache. Here it comes without a system call: the limit for all of them.
 * Source: lmbench paper (USENIX 1996), pipe bandwidth on multiprocessors, for the question.
 */
#include "bench_memory.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { SIZE_DEFAULT = 128 << 10 };

struct data {
	struct bench_duet *duet;
	uint64_t *area;
	size_t words;
	uint64_t passes_proved;
};

static void write_area(struct bench_state *state, uint64_t turn)
{
	const struct data *data = bench_data(state);

	for (size_t i = 0; i < data->words; i++)
		data->area[i] = turn + i;
}

static int answer(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);

	(void)index;
	return bench_duet_answer(state, data->duet, write_area);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t size = (size_t)bench_value(state, "size_bytes");

	if (size % (BENCH_WORDS_PER_TURN * sizeof(uint64_t)) != 0)
		return bench_skip(state, "needs a size_bytes that is a multiple of 256");
	bench_set_bytes_per_operation(state, size);
	data->words = size / sizeof(uint64_t);
	data->area = bench_shared(state, size);
	if (data->area == NULL)
		return BENCH_ERROR;
	memset(data->area, 1, size);
	return bench_duet_open(state, &data->duet, answer);
}

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

static double between_ns(const struct timespec *begin, const struct timespec *end)
{
	return 1e9 * (double)(end->tv_sec - begin->tv_sec) +
	       (double)(end->tv_nsec - begin->tv_nsec);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	_Atomic uint64_t *line = &data->duet->turn;
	uint64_t turn = atomic_load_explicit(line, memory_order_acquire);
	uint64_t indices_sum = (uint64_t)data->words * (data->words - 1) / 2;
	uint64_t right_sums = 0;
	double took_ns = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		struct timespec begin;
		struct timespec end;
		uint64_t written = turn + 1;
		atomic_store_explicit(line, written, memory_order_release);
		turn += 2;
		while (atomic_load_explicit(line, memory_order_acquire) != turn)
			;
		int errors = clock_gettime(CLOCK_MONOTONIC, &begin);
		uint64_t sum = read_words(data->area, data->words);
		errors += clock_gettime(CLOCK_MONOTONIC, &end);
		right_sums += errors == 0 && sum == data->words * written + indices_sum;
		took_ns += between_ns(&begin, &end);
	}
	data->passes_proved += right_sums;
	bench_took_ns(state, took_ns);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->passes_proved;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	bench_duet_close(data->duet);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "area that is handed over; a multiple of 256",
	 .value = SIZE_DEFAULT,
	 .min = 16 << 10,
	 .max = 64 << 20},
	{0},
};

static const struct bench bw_cache_to_cache = {
	.name = "bw_cache_to_cache",
	.summary = "read what a thread on another CPU has just written (cross-cpu)",
	.doc = "Times reading, and adding up, every 8-byte word of an area that another thread on\n"
	       "another CPU has just written in full; both spin, no system call is made. Only the\n"
	       "reading is timed, by two clock readings around each pass (together about 50 ns,\n"
	       "not subtracted), not the writing that comes before it. The lines come modified\n"
	       "out of the other core's caches, or, for sizes beyond those, out of what the cores\n"
	       "share: so the figure is the limit of handing data from CPU to CPU through memory,\n"
	       "which pipes and sockets between CPUs stay below. Default 128 KiB: beyond the first\n"
	       "cache, within the second of most cores. Needs two CPUs: with same-cpu it is\n"
	       "skipped, ask for --placement cross-cpu. Work proof: the writer puts other words\n"
	       "there each time, and a pass counts only if their sum is right.\n"
	       "Idea: the pipe bandwidth between two CPUs of the lmbench paper.",
	.figure = BENCH_BANDWIDTH,
	.timeout_s = 10,
	.tasks = 2,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(bw_cache_to_cache);
