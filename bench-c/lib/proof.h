/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did the benchmark do what its figure claims? Judged by what the kernel saw. */
#ifndef KDYNO_PROOF_H
#define KDYNO_PROOF_H

#include "state.h"

/* The tasks ran where the placement puts them. */
int proof_of_placement(struct bench_state *state);

/* The kernel counted what the benchmark expects. */
int proof_of_counts(struct bench_state *state);

/* After all rounds: what is left after subtracting the overhead is more than noise. */
int proof_of_difference(struct result *result);

#endif
