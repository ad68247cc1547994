/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the rest of the machine away from a benchmark, as far as the user asks for it. */
#ifndef KDYNO_ISOLATION_H
#define KDYNO_ISOLATION_H

#include "options.h"
#include "state.h"

/* For this process and the children it will have. What is asked for and not permitted is an
 * error: a figure must not be taken for one that was isolated. */
int isolation_apply(struct bench_state *state, const struct isolation *isolation);

#endif
