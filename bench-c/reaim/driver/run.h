/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: every repetition of every pass, or of every sub-test on its own. */
#ifndef KDYNO_REAIM_RUN_H
#define KDYNO_REAIM_RUN_H

#include "monitor.h"
#include "outcome.h"
#include "records.h"
#include "scratch.h"
#include "settings.h"
#include "workfile.h"

struct skipped {
	const struct reaim_op *op;
	char reason[REASON_SIZE];
};

struct run {
	const struct settings *settings;
	struct workfile workfile; /* without what was skipped */
	uint64_t file_bytes;
	uint64_t pool_bytes;
	struct scratch scratch;
	struct monitor monitor;
	struct records records;
	struct outcomes outcomes;
	struct skipped skipped[TESTS_MAX];
	size_t skipped_count;
	const char *ended; /* why the passes came to an end */
	int null_fd;
	int status;
};

/* Everything from making the disk files to removing them. Complains; gives the exit status. */
int run_everything(struct run *run);
void run_free(struct run *run);

/* One repetition of the single-user mode. */
int run_single(struct run *run, size_t repetition);
/* Set up every sub-test in each disk directory and take those out that cannot run in one. */
int run_probe(struct run *run);

/* A pass over the tests of the workfile, with what all kinds of passes share filled in. */
struct pass run_pass_of(struct run *run, const struct plan *plan, struct board *board,
			size_t users);
/* pass_run() between the monitor's setup and report. */
int run_watched(struct run *run, struct pass *pass);

#endif
