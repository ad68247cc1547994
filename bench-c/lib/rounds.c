// SPDX-License-Identifier: GPL-2.0-or-later
#include "rounds.h"

#include "headline.h"
#include "proof.h"

#include <string.h>

struct sampling rounds_room(const struct metric *metric)
{
	return (struct sampling){.samples = metric->sampling.samples + metric->sampling.count,
				 .scratch = metric->sampling.scratch,
				 .flags = metric->sampling.flags + metric->sampling.count};
}

void rounds_add(struct metric *metric, const struct sampling *of_round, bool first)
{
	struct sampling *all = &metric->sampling;

	all->count += of_round->count;
	all->warmup_count += of_round->warmup_count;
	all->stationary = of_round->stationary && (first || all->stationary);
}

void rounds_summarise(struct metric *metric, const struct sampling_plan *plan)
{
	struct sampling *all = &metric->sampling;

	memcpy(all->scratch, all->samples, all->count * sizeof(double));
	metric->stats = stats_of(all->scratch, all->count, plan->confidence);
	all->converged = all->count >= plan->samples_min &&
			 metric->stats.median_interval.confidence >= plan->confidence &&
			 stats_relative_half_width(&metric->stats.median_interval,
						   metric->stats.median) <= plan->target_relative;
}

struct sampling_plan rounds_plan(const struct result *result, const struct metric *metric)
{
	struct sampling_plan plan = result->options.plan;
	unsigned rounds = result->options.rounds == 0 ? 1 : result->options.rounds;

	plan.budget_ns /= rounds;
	plan.samples_min = (plan.samples_min + rounds - 1) / rounds;
	plan.samples_max =
		(plan.samples_max - metric->sampling.count) / (rounds - result->round_count);
	if (plan.samples_min > plan.samples_max)
		plan.samples_min = plan.samples_max;
	return plan;
}

/* What the overhead of all rounds together leaves. With one of its own for each, the best samples
 * would be those of the round whose overhead was most disturbed. */
static void subtract_alike(struct result *result)
{
	struct metric *metric = &result->metrics[0];
	double overhead_ns = headline_of(result, &result->metrics[1]).value;

	for (unsigned i = 0; i < result->round_count; i++) {
		struct round *round = &result->rounds[i];
		size_t end = i + 1 < result->round_count ? round[1].first_sample
							 : metric->sampling.count;
		for (size_t k = round->first_sample; k < end; k++)
			metric->sampling.samples[k] += round->overhead_ns - overhead_ns;
		round->overhead_ns = overhead_ns;
	}
	rounds_summarise(metric, &result->options.plan);
}

int rounds_conclude(struct result *result)
{
	if (result->spec.bench->overhead != NULL)
		subtract_alike(result);
	return result_end(result,
			  proof_of_difference(result) == BENCH_OK ? STATUS_DONE : STATUS_ERROR);
}
