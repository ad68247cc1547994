/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many users the next pass has, and whether there is one. Pure. */
#ifndef KDYNO_REAIM_PROGRESS_H
#define KDYNO_REAIM_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { PEAK_PASSES = 5, TIMER_STILL_PASSES = 9, INCREMENT_MAX = 100000 };

#define CROSSOVER_JPM 10.0
#define QUICK_JPM     60.0

/* Rules of a series of passes. */
struct course {
	long end_users;	      /* 0: no end */
	double threshold_jpm; /* jobs/min/child at or below which it ends; 0: none */
	bool guess_peak;
	bool adaptive;
};

/* What is known after a pass. Begin with {.users = first, .increment = n}. */
struct progress {
	long users;
	long increment;
	size_t passes;
	double jpm[PEAK_PASSES]; /* of the last passes, oldest first */
	double parent_s[2];	 /* of the last pass and the one before */
};

/* Why the series ends after this pass, or NULL and `progress` is that of the next pass. */
const char *progress_after(struct progress *progress, const struct course *course, double jpm,
			   double jpm_per_child, double parent_s);

/* The adaptive timer's increment for the next pass. */
long progress_increment(const struct progress *progress, double jpm);
/* The maximum detection: why it is reached, or NULL. Oldest first. */
const char *progress_peak(const double jpm[PEAK_PASSES]);

#endif
