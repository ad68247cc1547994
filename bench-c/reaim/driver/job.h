/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of reaim_op.h: what is behind the opaque struct reaim_job. */
#ifndef KDYNO_REAIM_JOB_H
#define KDYNO_REAIM_JOB_H

#include "board.h"
#include "random.h"
#include "reaim_op.h"
#include "scratch.h"
#include "settings.h"

/* What all children of a pass have in common. */
struct surroundings {
	const struct settings *settings;
	const struct scratch *scratch;
	size_t users;
	size_t blocks; /* KiB of each child's file */
	uint64_t cache_bytes;
	int null_fd; /* /dev/null, for what children print and read */
};

/* One user: a child of the driver. */
struct user {
	const struct surroundings *around;
	size_t number;
	struct random random; /* what operations draw */
	size_t turn;	      /* of the disk directories */
};

struct reaim_job {
	const struct reaim_op *op;
	struct user *user;
	size_t number; /* of the test in the workfile */
	void *data;
	uint64_t did;
	size_t directory; /* of its turn */
	bool is_set_up;
	int error_number; /* errno of the failure; 0: it has none */
	char reason[REASON_SIZE];
};

struct user user_of(const struct surroundings *around, size_t number);

/* REAIM_OK, REAIM_SKIP or REAIM_ERROR with job->reason filled. */
int job_set_up(struct reaim_job *job, const struct reaim_op *op, struct user *user, size_t number);
/* One job, and the check that it did its work. */
int job_run(struct reaim_job *job);
void job_tear_down(struct reaim_job *job);

#endif
