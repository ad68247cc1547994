/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one child process does: prepare, wait for the start, work, say what it measured. */
#ifndef KDYNO_REAIM_CHILD_H
#define KDYNO_REAIM_CHILD_H

#include "job.h"
#include "plan.h"

#include <sys/types.h>

/* A pass as its children see it. */
struct pass {
	struct surroundings around;
	const struct workfile *workfile;
	const struct plan *plan;
	struct board *board;
	uint64_t period_ns; /* single-user mode: run the test for so long; 0: do the plan */
	size_t only_test;   /* single-user mode */
	bool probe;	    /* set all up, tear down, run nothing */
	size_t directory;   /* of a probe: the disk directory to set up in */
	int ready_fd; /* a byte for each child that is ready; for a monitor, one for an eighth done
		       */
	pid_t parent;
};

/* Never returns. */
_Noreturn void child_run(const struct pass *pass, size_t number);

/* Memory of one child that is not shared, in bytes. */
size_t child_memory(const struct workfile *workfile, const struct plan *plan);

#endif
