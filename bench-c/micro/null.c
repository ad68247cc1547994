// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: nothing, with clock and loop subtracted as from every other figure: zero.
 * Why: what is left over is the systematic error of the harness, which every other figure has
 * too. Away from zero by more than a few tenths of a nanosecond, loop and clock were not what
 * they were when they were measured, and figures of a few nanoseconds are not to be believed.
 * Source: the habit of fio, whose null engine tests fio itself.
 */
#include "bench.h"

struct data {
	uint64_t turns;
};

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t i;

	for (i = 0; i < iterations; i++)
		bench_barrier();
	data->turns += i;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->turns;
}

static const struct bench null_bench = {
	.name = "null",
	.summary = "the harness itself: must be zero",
	.doc = "Times the empty loop and subtracts what the harness subtracts everywhere: a reading\n"
	       "of the clock, spread over the batch, and a turn of the loop, both measured before.\n"
	       "What is left must be zero within 0.2 ns, on either side. It is the error that all\n"
	       "figures of the run share; more than that means that the core's frequency was another\n"
	       "one while clock and loop were measured. Undisturbed samples are quoted wherever it\n"
	       "runs: a disturbance says nothing about the harness. lat_loop has the same loop\n"
	       "with nothing subtracted. Idea: the null engine of fio.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_UNDISTURBED,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.may_be_zero = true,
	.data_size = sizeof(struct data),
	.run = run,
	.work = work,
};
BENCH_REGISTER(null_bench);
