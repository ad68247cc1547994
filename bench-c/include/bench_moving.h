/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calls that move data inside the kernel work on. */
#ifndef KDYNO_BENCH_MOVING_H
#define KDYNO_BENCH_MOVING_H

#include "bench.h"

/* bench_data() of a benchmark that moves data from one file to another begins with this. */
struct bench_moving {
	bool opened; /* from here on -1 is: none */
	int from;    /* a file of `bytes` in the page cache */
	int to;	     /* another one, or /dev/null */
	bool to_file;
	size_t bytes;
	uint64_t moved;
};

enum bench_moving_place { BENCH_MOVE_IN_MEMORY, BENCH_MOVE_ON_DISK };

/* Open both and take the size from the parameter size_bytes. On disk they are in the directory
 * for files. */
int bench_moving_open(struct bench_state *state, enum bench_moving_place place, bool to_file);

/* The callbacks of these names. Data that have arrived are looked at, at their end, which is
 * then made wrong again. */
int bench_moving_restore(struct bench_state *state, uint64_t iterations);
uint64_t bench_moving_work(struct bench_state *state);
void bench_moving_teardown(struct bench_state *state);

/* A pipe that holds `bytes`. */
int bench_moving_pipe(struct bench_state *state, int ends[2], size_t bytes);

#endif
