// SPDX-License-Identifier: GPL-2.0-or-later
#include "isolation.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

int isolation_apply(struct bench_state *state, const struct isolation *isolation)
{
	const struct sched_param priority = {.sched_priority = isolation->fifo_priority};

	if (isolation->fifo_priority > 0 && sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
		return bench_fail(state,
				  "cannot set SCHED_FIFO %d: %s (needs CAP_SYS_NICE or "
				  "RLIMIT_RTPRIO)",
				  isolation->fifo_priority, strerror(errno));
	if (isolation->lock_memory && mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		return bench_fail(state, "cannot lock memory: %s (see RLIMIT_MEMLOCK)",
				  strerror(errno));
	if (isolation->without_huge_pages && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
		return bench_fail(state, "cannot refuse huge pages: %s", strerror(errno));
	return BENCH_OK;
}
