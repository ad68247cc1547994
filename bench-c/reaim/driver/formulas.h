/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From times and counts to figures: the released program's arithmetic, and a job's time. Pure. */
#ifndef KDYNO_REAIM_FORMULAS_H
#define KDYNO_REAIM_FORMULAS_H

#include <stddef.h>
#include <stdint.h>

struct figures {
	double jpm;	      /* jobs per minute of all users */
	double jpm_per_child; /* jobs per minute of each */
	double jps_per_child;
	double std_dev_s; /* population, of the children's elapsed times */
	double std_dev_percent;
	int jti; /* job timing index: 100 when all take the same time, never below 0 */
	double child_min_s;
	double child_max_s;
};

double jobs_per_minute(size_t jobs_per_child, size_t users, double parent_s);
struct figures figures_of(size_t jobs_per_child, double parent_s, const double *elapsed_s,
			  size_t users);

/* What a job takes, from the times of several in ascending order: the mean of those that took no
 * more than twice as long as the median one; 0 if there are none. With more users than processors a
 * long job's time moves in steps of the others' time slices. The median of a few jobs sits on
 * either of two such steps, and boots differ by one; the mean does not, but a short job in whose
 * middle others had their turn, or that something held up, must not count for ten. */
double typical_job_ns(const uint64_t *sorted_ns, size_t count);

double mean_of(const double *values, size_t count);
double population_std_dev(const double *values, size_t count);

#endif
