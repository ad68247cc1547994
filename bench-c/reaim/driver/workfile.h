/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mix of sub-tests: "weight name" a line, and FILESIZE: or POOLSIZE: of its own. */
#ifndef KDYNO_REAIM_WORKFILE_H
#define KDYNO_REAIM_WORKFILE_H

#include "reaim_op.h"

enum { TESTS_MAX = 1024, WEIGHT_MAX = 1000000 };

struct test {
	const struct reaim_op *op;
	uint32_t weight;
	uint64_t counted; /* what its lines add to the total: more than weight when on two */
	size_t line_count;
};

struct workfile {
	struct test tests[TESTS_MAX]; /* in order of their first line */
	size_t count;
	size_t line_count;     /* a name may stand on two: its last weight holds ... */
	uint64_t total_weight; /* ... and both lines count here */
	uint64_t file_bytes;
	uint64_t pool_bytes;
	bool has_file_bytes;
	bool has_pool_bytes;
};

/* Complains, naming file and line. EXIT_DONE or EXIT_FAILED. */
int workfile_read(struct workfile *workfile, const char *path);
/* Take a test out as if it had never been there. */
void workfile_remove(struct workfile *workfile, size_t test);
bool workfile_has_disk_tests(const struct workfile *workfile);

/* The child's file in KiB: FILESIZE + POOLSIZE / users, truncated. */
size_t workfile_blocks(uint64_t file_bytes, uint64_t pool_bytes, size_t users);

#endif
