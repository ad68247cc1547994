/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A benchmark is measured in rounds, each a process of its own: what each may take, where its
 * samples go, and what is made of all of them. */
#ifndef KDYNO_ROUNDS_H
#define KDYNO_ROUNDS_H

#include "result.h"

/* The next round's share of the whole; samples of this metric that earlier rounds did not need are
 * left over. There are at least as many samples as rounds. */
struct sampling_plan rounds_plan(const struct result *result, const struct metric *metric);

/* The samples of this round go behind those of the rounds before. */
struct sampling rounds_room(const struct metric *metric);
void rounds_add(struct metric *metric, const struct sampling *of_round, bool first);

/* The statistics of all samples so far; `plan` is that of all rounds. */
void rounds_summarise(struct metric *metric, const struct sampling_plan *plan);

/* After the last round; a run of all its rounds comes to it by itself. Is what was measured worth
 * a figure? Returns the status. */
int rounds_conclude(struct result *result);

#endif
