// SPDX-License-Identifier: GPL-2.0-or-later
/* Measures the driver: the cost of a job that does nothing, and the skew of the start. */
#include "reaim_op.h"

static int run(struct reaim_job *job)
{
	reaim_did(job, 1);
	return REAIM_OK;
}

static const struct reaim_op null_op = {
	.name = "null",
	.unit = "Empty Jobs",
	.doc = "One job counts itself and does nothing else. Its time is the driver's own: the call, "
	       "the check of the work, a reading of the clock and the histogram.",
	.operations = 1,
	.work_per_job = 1,
	.run = run,
};
REAIM_REGISTER(null_op);
