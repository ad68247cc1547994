/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several copies of a benchmark at once, as processes or as threads of this one. */
#ifndef KDYNO_CREW_H
#define KDYNO_CREW_H

#include "batch.h"

struct crew;

/* Start spec.copies copies, each placed, with data of its own and through its setup. They are
 * counted and reaped with `state`, which itself does no work. */
int crew_start(struct crew **crew, struct bench_state *state, const struct clock *clock);

/* Let all do the batch at the same time. The batch's times are from the first begin to the
 * last end; took_ns is the mean. */
int crew_run(struct crew *crew, struct batch *batch);

/* Let them tear down and end; state_reap() then waits for them. Safe with NULL. */
void crew_stop(struct crew *crew);

/* After state_reap(). */
void crew_free(struct crew *crew);

#endif
