/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counted while a benchmark worked: evidence that has no noise. */
#ifndef KDYNO_COUNTS_H
#define KDYNO_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct counts {
	int64_t voluntary_switches;
	int64_t involuntary_switches;
	int64_t minor_faults;
	int64_t major_faults;
	int64_t migrations; /* to another CPU; of living tasks only, like wakeups */
	int64_t wakeups;
	bool has_migrations;
	bool has_wakeups; /* needs a kernel with scheduler statistics */
	bool complete;	  /* false: a child's counts could not be read */
};

struct counts_per_operation {
	double voluntary_switches;
	double involuntary_switches;
	double minor_faults;
	double major_faults;
	double migrations;
	double wakeups;
	bool has_migrations;
	bool has_wakeups;
	bool known;
};

/* This process, its reaped children, and the living ones given. */
struct counts counts_now(const pid_t *children, size_t child_count);

struct counts_per_operation counts_between(const struct counts *before, const struct counts *after,
					   uint64_t operations);

#endif
