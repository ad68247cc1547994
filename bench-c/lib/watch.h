/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is observed beside the samples of one metric: their noise, and where tasks ran. */
#ifndef KDYNO_WATCH_H
#define KDYNO_WATCH_H

#include "noise_watch.h"
#include "seen.h"
#include "state.h"

struct watch {
	struct noise_watch noise;
	struct seen_watch seen;
};

/* After setup, in the task that runs the batches. */
void watch_open(struct watch *watch, const struct bench_state *state, const struct clock *clock);
void watch_close(struct watch *watch);
void watch_begin(struct watch *watch);

/* After a sample: the flags of noise.h, and one more look at the tasks. */
uint8_t watch_sample(struct watch *watch, double sample_ns, struct seen *seen);

#endif
