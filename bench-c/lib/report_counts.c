// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_counts.h"

#include "cause.h"

#include <string.h>

/* `scratch` of the sampling takes how slow each sample was. */
static const double *slowness_of(const struct result *result, const struct metric *metric)
{
	const struct sampling *sampling = &metric->sampling;
	bool higher = strcmp(result_kind(result, metric)->direction, "higher") == 0;

	for (size_t i = 0; i < sampling->count; i++)
		sampling->scratch[i] = higher ? -sampling->samples[i] : sampling->samples[i];
	return sampling->scratch;
}

static bool find_companion(const struct result *result, size_t kind, struct companion *companion)
{
	const struct metric *metric = &result->metrics[0];

	return result->sample_counts.known[kind] && metric->sampling.count > 0 &&
	       companion_of(slowness_of(result, metric), result->sample_counts.of_samples[kind],
			    metric->sampling.count, (double)metric->operations_per_sample,
			    companion);
}

static void write_kind(struct json *json, const struct result *result, size_t kind,
		       const struct companion *companion)
{
	const float *of_samples = result->sample_counts.of_samples[kind];

	json_key(json, counter_names[sampled_kinds[kind]]);
	json_begin_object(json);
	json_put_number_at(json, "median", companion->median);
	json_put_number_at(json, "fastest_quarter", companion->of_fastest);
	json_put_number_at(json, "slowest_quarter", companion->of_slowest);
	json_put_number_at(json, "rank_correlation", companion->rank_correlation);
	if (result->options.lists_sample_counts) {
		json_key(json, "samples");
		json_begin_array(json);
		for (size_t i = 0; i < result->metrics[0].sampling.count; i++)
			json_put_integer(json, (int64_t)of_samples[i]);
		json_end_array(json);
	}
	json_end_object(json);
}

/* That a slow sample took more cycles says nothing that its time does not. */
static const char *explaining_count(const struct result *result, struct companion *best)
{
	struct companion companion;
	const char *name = NULL;

	best->rank_correlation = 0;
	for (size_t kind = 0; kind < SAMPLED_KINDS; kind++) {
		if (sampled_kinds[kind] == COUNTER_CYCLES ||
		    !find_companion(result, kind, &companion) ||
		    !companion_explains(&companion, result->metrics[0].sampling.count) ||
		    companion.rank_correlation <= best->rank_correlation)
			continue;
		*best = companion;
		name = counter_names[sampled_kinds[kind]];
	}
	return name;
}

void report_counts_json(struct json *json, const struct result *result, const struct metric *metric)
{
	struct companion companion;
	struct companion best;

	json_key(json, "sample_counts");
	json_begin_object(json);
	if (!metric->is_overhead) {
		json_put_string_at(json, "hardware_scope",
				   sample_scope_names[result->sample_counts.scope]);
		for (size_t kind = 0; kind < SAMPLED_KINDS; kind++)
			if (find_companion(result, kind, &companion))
				write_kind(json, result, kind, &companion);
		const char *name = explaining_count(result, &best);
		if (name != NULL)
			json_put_string_at(json, "explained_by", name);
	}
	json_end_object(json);
}

void report_counts_note(FILE *out, const struct result *result)
{
	struct companion best;
	const char *name = explaining_count(result, &best);

	if (name != NULL)
		(void)fprintf(out, "  slow ones have more %s (%.3g, fast ones %.3g);", name,
			      best.of_slowest, best.of_fastest);
}
