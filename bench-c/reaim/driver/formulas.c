// SPDX-License-Identifier: GPL-2.0-or-later
#include "formulas.h"

#include <math.h>

double jobs_per_minute(size_t jobs_per_child, size_t users, double parent_s)
{
	return 60 * (double)jobs_per_child * (double)users / parent_s;
}

double typical_job_ns(const uint64_t *sorted_ns, size_t count)
{
	double sum_ns = 0;
	size_t kept = 0;

	if (count == 0)
		return 0;
	/* twice the median, whose two middle ones are one for an odd count */
	double limit_ns = (double)sorted_ns[(count - 1) / 2] + (double)sorted_ns[count / 2];
	while (kept < count && (double)sorted_ns[kept] <= limit_ns)
		sum_ns += (double)sorted_ns[kept++];
	return sum_ns / (double)kept;
}

double mean_of(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / (double)count;
}

double population_std_dev(const double *values, size_t count)
{
	double mean = mean_of(values, count);
	double squares = 0;

	for (size_t i = 0; i < count; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	return sqrt(squares / (double)count);
}

struct figures figures_of(size_t jobs_per_child, double parent_s, const double *elapsed_s,
			  size_t users)
{
	double mean_s = mean_of(elapsed_s, users);
	struct figures figures = {
		.jpm = jobs_per_minute(jobs_per_child, users, parent_s),
		.jpm_per_child = jobs_per_minute(jobs_per_child, 1, parent_s),
		.jps_per_child = (double)jobs_per_child / parent_s,
		.std_dev_s = population_std_dev(elapsed_s, users),
		.child_min_s = elapsed_s[0],
		.child_max_s = elapsed_s[0],
	};

	figures.std_dev_percent = 100 * figures.std_dev_s / mean_s;
	figures.jti = users == 1 ? 100 : (int)fmax(0, (1 - figures.std_dev_s / mean_s) * 100);
	for (size_t i = 1; i < users; i++) {
		figures.child_min_s = fmin(figures.child_min_s, elapsed_s[i]);
		figures.child_max_s = fmax(figures.child_max_s, elapsed_s[i]);
	}
	return figures;
}
