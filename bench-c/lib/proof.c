// SPDX-License-Identifier: GPL-2.0-or-later
#include "proof.h"

#include <math.h>

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
