/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads, between samples, what noise.h judges. */
#ifndef KDYNO_NOISE_WATCH_H
#define KDYNO_NOISE_WATCH_H

#include "clock.h"
#include "noise.h"

#include <stdbool.h>

enum {
	STAT_SIZE = 32768,
	PROBES_KEPT = 16
}; /* of /proc/stat, as far as its interrupts on a large machine */

struct noise_watch {
	const struct clock *clock;
	uint8_t watched; /* kinds of noise that can be told here */
	int schedstat_fd;
	int stat_fd;
	bool all_cpus; /* steal of all: the tasks are on several */
	struct noise_usual usual;
	struct noise_reading last;
	double probes_ns[PROBES_KEPT]; /* the latest, by probe_count */
	size_t probe_count;
	char stat[STAT_SIZE];
};

/* For the calling task, on its CPU. A benchmark of several tasks is switched and waits by its
 * nature: then only what the machine does is watched. */
void noise_watch_open(struct noise_watch *watch, const struct clock *clock, bool single_task,
		      bool all_cpus);
void noise_watch_close(struct noise_watch *watch);

/* A turn of the empty loop at present: the least of the latest probes; 0 if there are none. */
double noise_watch_loop_ns(const struct noise_watch *watch);

/* Before the first sample, and after any that are not judged. */
void noise_watch_begin(struct noise_watch *watch);

/* After a sample: what disturbed it. The next one begins here. */
uint8_t noise_watch_sample(struct noise_watch *watch, double sample_ns);

#endif
