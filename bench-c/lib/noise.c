// SPDX-License-Identifier: GPL-2.0-or-later
#include "noise.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "stats.h"

static const double delay_share = 0.01; /* of a sample */
static const double slow_factor = 1.05; /* of the best probe */
static const double hole_min_ns = 10e3;
static const double burst_factor = 2; /* of the usual interrupts */
static const double burst_extra = 8;  /* and so many more: timers tick unevenly */
static const double noisy_share = 0.1;
static const double poor_share = 0.5;

const char *const noise_names[NOISE_KINDS] = {
	"preempted", "delayed", "stolen", "interrupted", "slow_clock", "gap", "migrated",
};

static double usual_interrupts(const struct noise_usual *usual)
{
	double sorted[NOISE_MEMORY];
	size_t count =
		usual->interrupt_count < NOISE_MEMORY ? usual->interrupt_count : NOISE_MEMORY;

	memcpy(sorted, usual->interrupts, sizeof(sorted));
	stats_sort(sorted, count);
	return stats_quantile(sorted, count, 0.5);
}

static bool is_burst(double interrupts, double sample_ns, struct noise_usual *usual)
{
	double per_second = interrupts * 1e9 / fmax(sample_ns, 1);
	bool burst = false;

	if (usual->interrupt_count >= NOISE_MEMORY) {
		double expected = usual_interrupts(usual) * sample_ns * 1e-9;
		burst = interrupts > burst_factor * expected + burst_extra;
	}
	usual->interrupts[usual->interrupt_count % NOISE_MEMORY] = per_second;
	usual->interrupt_count++;
	return burst;
}

static bool is_slow(const struct noise_reading *before, const struct noise_reading *after,
		    struct noise_usual *usual)
{
	if (usual->best_loop_ns <= 0)
		usual->best_loop_ns = before->probe_loop_ns;
	usual->best_loop_ns =
		fmin(usual->best_loop_ns, fmin(before->probe_loop_ns, after->probe_loop_ns));
	return fmax(before->probe_loop_ns, after->probe_loop_ns) >
	       slow_factor * usual->best_loop_ns;
}

uint8_t noise_of(const struct noise_reading *before, const struct noise_reading *after,
		 double sample_ns, uint8_t watched, struct noise_usual *usual)
{
	unsigned flags = 0;
	double delay_ns = (double)(after->run_delay_ns - before->run_delay_ns);
	double interrupts = (double)(after->interrupts - before->interrupts);

	if (after->involuntary_switches > before->involuntary_switches)
		flags |= NOISE_PREEMPTED;
	if (delay_ns > delay_share * sample_ns)
		flags |= NOISE_DELAYED;
	/* The counter of another CPU says nothing. */
	if (after->cpu == before->cpu && after->steal_ticks > before->steal_ticks)
		flags |= NOISE_STOLEN;
	if ((watched & NOISE_INTERRUPTED) && is_burst(interrupts, sample_ns, usual))
		flags |= NOISE_INTERRUPTED;
	if ((watched & NOISE_SLOW_CLOCK) && is_slow(before, after, usual))
		flags |= NOISE_SLOW_CLOCK;
	if (fmax(before->probe_hole_ns, after->probe_hole_ns) > hole_min_ns)
		flags |= NOISE_GAP;
	if (after->cpu != before->cpu)
		flags |= NOISE_MIGRATED;
	return (uint8_t)(flags & watched);
}

struct noise_summary noise_summary(const uint8_t *flags, size_t count)
{
	struct noise_summary summary = {0};

	for (size_t i = 0; i < count; i++) {
		summary.tainted += flags[i] != 0;
		for (unsigned kind = 0; kind < NOISE_KINDS; kind++)
			summary.by_kind[kind] += (flags[i] >> kind) & 1;
	}
	return summary;
}

const char *noise_evidence(const struct noise_summary *summary, size_t count, uint8_t watched)
{
	double tainted = (double)summary->tainted;

	if (watched == 0)
		return "unknown";
	if (tainted <= noisy_share * (double)count)
		return "clean";
	return tainted <= poor_share * (double)count ? "noisy" : "poor";
}

void noise_text(const struct noise_summary *summary, size_t count, char *text, size_t size)
{
	const char *separator = "";
	char kinds[160] = "";
	size_t used = 0;

	text[0] = '\0';
	if (summary->tainted == 0)
		return;
	for (unsigned kind = 0; kind < NOISE_KINDS; kind++) {
		if (summary->by_kind[kind] == 0 || used >= sizeof(kinds))
			continue;
		int length = snprintf(kinds + used, sizeof(kinds) - used, "%s%s %zu", separator,
				      noise_names[kind], summary->by_kind[kind]);
		used += length > 0 ? (size_t)length : 0;
		separator = ", ";
	}
	(void)snprintf(text, size, "%zu of %zu samples disturbed (%s)", summary->tainted, count,
		       kinds);
}
