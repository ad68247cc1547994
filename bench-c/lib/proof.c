// SPDX-License-Identifier: GPL-2.0-or-later
#include "proof.h"

#include "headline.h"
#include "stats.h"

#include <math.h>
#include <string.h>

static double counted(const struct counts_per_operation *counts, enum bench_count count)
{
	switch (count) {
	case BENCH_SWITCHES:
		return counts->voluntary_switches + counts->involuntary_switches;
	case BENCH_MINOR_FAULTS:
		return counts->minor_faults;
	case BENCH_MAJOR_FAULTS:
		return counts->major_faults;
	case BENCH_NO_COUNT:
		break;
	}
	return 0;
}

int proof_of_placement(struct bench_state *state)
{
	const struct result *result = state->result;
	const struct seen *seen = &result->seen;

	if (seen_fits(seen, result->spec.placement))
		return BENCH_OK;
	return bench_fail(state,
			  "placement %s was not kept: after %zu samples the tasks were on one CPU, "
			  "after %zu on different ones",
			  placement_name(result->spec.placement), seen->together,
			  seen->apart + seen->mixed);
}

int proof_of_counts(struct bench_state *state)
{
	static const char *const names[] = {
		[BENCH_SWITCHES] = "context switches",
		[BENCH_MINOR_FAULTS] = "minor page faults",
		[BENCH_MAJOR_FAULTS] = "major page faults",
	};
	const struct result *result = state->result;
	/* While another copy has the CPU, an answer may come before its reader sleeps, too. */
	bool one_at_a_time = result->spec.placement == PLACEMENT_SAME_CPU &&
			     result->spec.copies <= 1 && !result->remote;

	for (size_t i = 0; i < BENCH_EXPECTATIONS_MAX && result->counts.known; i++) {
		const struct bench_expectation *expected = &state->bench->expectations[i];
		if (expected->count == BENCH_NO_COUNT)
			break;
		double got = counted(&result->counts, expected->count);
		if (expected->only_same_cpu && !one_at_a_time)
			continue;
		if (got < expected->min || (expected->max > 0 && got > expected->max))
			return bench_fail(
				state, "work proof failed: %.4g %s per operation, not %.4g..%.4g",
				got, names[expected->count], expected->min,
				expected->max > 0 ? expected->max : INFINITY);
	}
	return BENCH_OK;
}

int proof_of_difference(struct result *result)
{
	const struct bench *bench = result->spec.bench;
	const struct metric *metric = &result->metrics[0];

	if (bench->overhead == NULL || bench->may_be_zero || bench->figure != BENCH_LATENCY)
		return BENCH_OK;
	if (metric->stats.min <= 0) {
		result_explain(result, "no figure left: %.3g ns per operation after overhead",
			       metric->stats.min);
		return BENCH_ERROR;
	}
	struct headline left = headline_of(result, metric);
	double lost_ns = left.doubt + headline_of(result, &result->metrics[1]).doubt;
	if (left.value > lost_ns)
		return BENCH_OK;
	result_explain(result,
		       "%.3g ns per operation are left after the overhead, but noise alone "
		       "may be %.3g ns: give a longer --time-budget or a quieter machine",
		       left.value, lost_ns);
	return BENCH_ERROR;
}
