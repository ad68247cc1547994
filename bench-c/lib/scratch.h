/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a benchmark leaves behind. */
#ifndef KDYNO_SCRATCH_H
#define KDYNO_SCRATCH_H

#include "state.h"

/* Remove the directory that bench_directory() made, if any. Also after the run was killed. */
void scratch_remove(struct result *result);

#endif
