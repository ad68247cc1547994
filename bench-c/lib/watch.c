// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch.h"

void watch_open(struct watch *watch, const struct bench_state *state, const struct clock *clock)
{
	const struct spec *spec = &state->result->spec;
	bool single_task = spec_tasks(spec) == 1 && state->child_count + state->thread_count == 0;
	bool copied = spec->copies > 1;

	noise_watch_open(&watch->noise, clock, single_task,
			 !single_task && spec->placement != PLACEMENT_SAME_CPU);
	/* A benchmark of one task may have helpers, which no placement spreads. Of copies this
	 * task only gives the orders. */
	if (spec_tasks(spec) > 1)
		seen_watch_open(&watch->seen, state->children, state->child_count, !copied);
	else
		watch->seen = (struct seen_watch){.with_self = true};
}

void watch_close(struct watch *watch)
{
	noise_watch_close(&watch->noise);
	seen_watch_close(&watch->seen);
}

void watch_begin(struct watch *watch)
{
	noise_watch_begin(&watch->noise);
}

/* The probe of the noise comes last, next to the next sample. */
uint8_t watch_sample(struct watch *watch, double sample_ns, struct seen *seen)
{
	seen_watch_look(&watch->seen, seen);
	return noise_watch_sample(&watch->noise, sample_ns);
}
