// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress.h"

#include "formulas.h"

#include <math.h>
#include <string.h>

const char *progress_peak(const double jpm[PEAK_PASSES])
{
	double mean = mean_of(jpm, PEAK_PASSES);
	double last = jpm[PEAK_PASSES - 1];

	if (last < jpm[PEAK_PASSES - 2] && last < 0.99 * mean)
		return "job rate dropping";
	if (population_std_dev(jpm, PEAK_PASSES) < 0.01 * mean)
		return "max sustained";
	return NULL;
}

/* While jobs per minute and users are alike there is far to go; else the step grows when the
 * last pass was hardly longer than the one before, and shrinks when it was much longer. */
long progress_increment(const struct progress *progress, double jpm)
{
	double users = (double)progress->users;
	double last_s = progress->parent_s[0];
	double previous_s = progress->parent_s[1];
	double mean_s = (last_s + previous_s) / 2;
	double factor = 2 / (previous_s / mean_s);
	double next = (double)progress->increment;

	if (progress->passes <= TIMER_STILL_PASSES)
		return progress->increment;
	if ((jpm - users) / users <= 0.10)
		return (long)fmax(1, (jpm - users) / 2);
	if (last_s / previous_s < 1.20)
		next *= factor;
	else if (last_s / previous_s > 1.30)
		next /= factor;
	return next < 1 ? progress->increment : (long)fmin(next, INCREMENT_MAX);
}

static void remember(struct progress *progress, double jpm, double parent_s)
{
	memmove(progress->jpm, progress->jpm + 1, (PEAK_PASSES - 1) * sizeof(*progress->jpm));
	progress->jpm[PEAK_PASSES - 1] = jpm;
	progress->parent_s[1] = progress->parent_s[0];
	progress->parent_s[0] = parent_s;
	progress->passes++;
}

const char *progress_after(struct progress *progress, const struct course *course, double jpm,
			   double jpm_per_child, double parent_s)
{
	remember(progress, jpm, parent_s);
	if (course->threshold_jpm > 0 && jpm_per_child <= course->threshold_jpm)
		return "crossover reached";
	if (course->guess_peak && progress->passes >= PEAK_PASSES) {
		const char *why = progress_peak(progress->jpm);
		if (why != NULL)
			return why;
	}
	if (course->adaptive)
		progress->increment = progress_increment(progress, jpm);
	if (course->end_users > 0 && progress->users + progress->increment > course->end_users)
		return "last number of users reached";
	progress->users += progress->increment;
	return NULL;
}
