/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs many benchmarks. In each round each runs once, so that slow drift of the machine hits all
 * alike; the order of each round is drawn anew from the seed.
 */
#ifndef KDYNO_SCHEDULE_H
#define KDYNO_SCHEDULE_H

#include "session.h"

/* What is still to come, for whoever waits. */
struct progress {
	size_t done; /* processes: benchmarks times rounds */
	size_t total;
	double elapsed_s;
	size_t started;		 /* processes that ran and were left alone to their end */
	double started_s;	 /* what starting them and setting up took, without any sampling */
	const struct spec *next; /* the benchmark about to run; NULL at the end */
};

struct schedule {
	const struct spec_list *list;
	struct options options; /* with rounds and seed */
	/* From now on; benchmarks that have not begun by then are skipped with a reason, and those
	 * that have keep the rounds they got. 0: none. */
	double limit_s;
	/* Before each round; may change its options, as to share out time. False: this benchmark
	 * has had its rounds. May be NULL. */
	bool (*adapt)(void *context, const struct progress *progress, unsigned rounds_had,
		      struct options *options);
	/* Each result as soon as its last round is over; freed when this returns. */
	void (*finished)(void *context, const struct result *result);
	void (*progress)(void *context, const struct progress *progress); /* may be NULL */
	void *context;
};

/* How many ended in each status. */
struct tally {
	size_t done;
	size_t failed;
	size_t skipped;
};

/* 0, or -1 with errno when memory is lacking: then nothing was run. */
int schedule_run(const struct schedule *schedule, struct tally *tally);

/* The order of `count` benchmarks in a round: a permutation; as it comes when seed is 0. */
void schedule_order(size_t *order, size_t count, uint64_t seed, unsigned round);

#endif
