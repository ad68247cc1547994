/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calls that move data inside the kernel work on. */
#ifndef KDYNO_BENCH_MOVING_H
#define KDYNO_BENCH_MOVING_H

#include "bench.h"

/* A file of `bytes` in the page cache, not empty: in memory, or with `on_disk` in the directory
 * for files. -1 after bench_fail() or bench_skip(), whose code is in *error. */
int bench_moving_file(struct bench_state *state, bool on_disk, const char *name, size_t bytes,
		      int *error);

/* A pipe that holds `bytes`. */
int bench_moving_pipe(struct bench_state *state, int ends[2], size_t bytes);

/* Whether the file holds at its end what bench_moving_file() wrote; then it is made wrong. */
bool bench_moving_arrived(int file, size_t bytes);

#endif
