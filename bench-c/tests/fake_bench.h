/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A benchmark that takes fake time, and ways to run it. */
#ifndef KDYNO_TEST_FAKE_BENCH_H
#define KDYNO_TEST_FAKE_BENCH_H

#include "fake.h"

#include "session.h"

#include <string.h>

enum { RUN_NS = 1000, SAMPLES_MAX = 100 };

static struct fake_time fake; /* the benchmarks below move it */
static uint64_t work_done;

static inline int run_well(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	fake.now_ns += RUN_NS * (double)iterations;
	work_done += iterations;
	return BENCH_OK;
}

static inline uint64_t right_work(struct bench_state *state)
{
	(void)state;
	return work_done;
}

static inline struct bench well_behaved(void)
{
	return (struct bench){.name = "well_behaved",
			      .summary = "takes 1000 ns of fake time",
			      .doc = "A fake.",
			      .timeout_s = 1,
			      .run = run_well,
			      .work = right_work};
}

static inline struct options fake_options(void)
{
	struct options options = {.plan = {.target_relative = 0.005,
					   .confidence = 0.95,
					   .samples_min = 10,
					   .samples_max = SAMPLES_MAX,
					   .budget_ns = 1e9}};

	fake = (struct fake_time){.cost_ns = 0};
	work_done = 0;
	options.clock = fake_clock(&fake);
	assert_int_equal(sched_getaffinity(0, sizeof(options.allowed), &options.allowed), 0);
	return options;
}

static inline struct result *
run_placed_with(const struct bench *bench, const struct options *options, enum placement placement)
{
	struct spec spec = spec_default(bench, placement);
	struct result *result = result_new(&spec, SAMPLES_MAX);

	assert_non_null(result);
	int status = session_run(result, options);
	assert_int_equal(status, result->status);
	return result;
}

static inline struct result *run_with(const struct bench *bench, const struct options *options)
{
	return run_placed_with(bench, options, PLACEMENT_FREE);
}

static inline void assert_error_about(const struct bench *bench, const char *words)
{
	struct options options = fake_options();
	struct result *result = run_with(bench, &options);

	assert_int_equal(result->status, STATUS_ERROR);
	assert_int_equal(result->metric_count, 0);
	if (strstr(result->reason, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", result->reason, words);
	result_free(result);
}

#endif
