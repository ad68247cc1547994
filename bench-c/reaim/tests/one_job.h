/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One operation as the driver runs it, in a new directory, without a driver. */
#ifndef KDYNO_TEST_ONE_JOB_H
#define KDYNO_TEST_ONE_JOB_H

#include "catalogue.h"
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct one_job {
	struct settings settings;
	struct scratch scratch;
	struct surroundings around;
	struct user user;
	struct reaim_job job;
};

/* In `directory`, or in a new one that goes with the job. */
static inline void one_job_begin(struct one_job *one, const char *directory)
{
	char *path = one->scratch.directories[0].path;
	const char *temporary = getenv("TMPDIR");

	*one = (struct one_job){.settings = {.seed = 1, .block_bytes = 1024},
				.scratch = {.count = 1},
				.around = {.users = 1, .blocks = 16}};
	one->around.settings = &one->settings;
	one->around.scratch = &one->scratch;
	if (directory != NULL) {
		(void)snprintf(path, SCRATCH_PATH_SIZE, "%s", directory);
	} else {
		(void)snprintf(path, SCRATCH_PATH_SIZE, "%s/reaim-test-XXXXXX",
			       temporary == NULL ? "/tmp" : temporary);
		if (mkdtemp(path) == NULL)
			perror(path);
	}
	one->user = user_of(&one->around, 0);
}

static inline int one_job_set_up(struct one_job *one, const char *name)
{
	const struct reaim_op *op = catalogue_find(name);

	if (op == NULL) {
		(void)fprintf(stderr, "no operation %s\n", name);
		return REAIM_ERROR;
	}
	return job_set_up(&one->job, op, &one->user, 0);
}

/* 0 if nothing is left behind. */
static inline int one_job_end(struct one_job *one)
{
	job_tear_down(&one->job);
	return rmdir(one->scratch.directories[0].path);
}

#endif
