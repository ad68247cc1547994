/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The released program's arithmetic: from times and counts to figures. Pure. */
#ifndef KDYNO_REAIM_FORMULAS_H
#define KDYNO_REAIM_FORMULAS_H

#include <stddef.h>

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

double mean_of(const double *values, size_t count);
double population_std_dev(const double *values, size_t count);

#endif
