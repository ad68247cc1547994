/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of operations assert in the same way: that jobs do what they promise and leave
 * nothing behind, and that trouble ends in words. After cmocka.h and the faults.
 */
#ifndef KDYNO_TEST_JOB_CHECKS_H
#define KDYNO_TEST_JOB_CHECKS_H

#include "faults.h"
#include "one_job.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

static inline int entries_of(const char *path)
{
	DIR *stream = opendir(path);
	int count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	(void)closedir(stream);
	return count;
}

static inline int open_descriptors(void)
{
	return entries_of("/proc/self/fd");
}

/* Set up, or, with nothing left of it, skipped for a reason that is an excuse for `name`. */
static inline bool is_set_up(struct one_job *one, const char *name,
			     bool (*is_excuse)(const char *name, const char *reason))
{
	int status = one_job_set_up(one, name);

	if (status == REAIM_OK)
		return true;
	if (status != REAIM_SKIP || !is_excuse(name, one->job.reason))
		fail_msg("%s: %s", name, one->job.reason);
	print_message("SKIP %s: %s\n", name, one->job.reason);
	assert_int_equal(one_job_end(one), 0);
	return false;
}

struct counted {
	const char *name;
	double operations; /* per job */
};

/* Two jobs in a row do their work, and what they opened or made is gone with the operation. */
static inline void assert_does_its_work(const struct counted *operation,
					bool (*is_excuse)(const char *name, const char *reason))
{
	const struct reaim_op *op = catalogue_find(operation->name);
	struct one_job one;
	int before = open_descriptors();

	assert_non_null(op);
	assert_true(op->operations == operation->operations);
	one_job_begin(&one, NULL);
	if (is_set_up(&one, operation->name, is_excuse)) {
		for (int i = 0; i < 2; i++)
			if (job_run(&one.job) != REAIM_OK)
				fail_msg("%s: %s", operation->name, one.job.reason);
		if (one_job_end(&one) != 0)
			fail_msg("%s left something behind", operation->name);
	}
	assert_int_equal(open_descriptors(), before);
}

/* Where and under which limit an operation is to run. */
struct trouble {
	const char *directory; /* NULL: a new one */
	size_t blocks;	       /* 0: as one_job_begin() */
	__rlimit_resource_t resource;
	bool limited;
	rlim_t limit;
};

static inline int run_in_trouble(struct one_job *one, const char *name,
				 const struct trouble *trouble)
{
	struct rlimit old, low;

	assert_int_equal(getrlimit(trouble->resource, &old), 0);
	low = (struct rlimit){trouble->limited ? trouble->limit : old.rlim_cur, old.rlim_max};
	one_job_begin(one, trouble->directory);
	if (trouble->blocks > 0)
		one->around.blocks = trouble->blocks;
	assert_int_equal(setrlimit(trouble->resource, &low), 0);
	int status = one_job_set_up(one, name);
	if (status == REAIM_OK)
		status = job_run(&one->job);
	assert_int_equal(setrlimit(trouble->resource, &old), 0);
	fault_arm(NULL, 0);
	return status;
}

/* Setup, or else the first job, ends with `wanted`, says these words, with an errno that is its
 * own, and leaves nothing in a directory that is new. */
static inline void assert_ends(const char *name, int wanted, const char *words,
			       const struct trouble *trouble)
{
	struct one_job one;
	int status = run_in_trouble(&one, name, trouble);

	if (status != wanted)
		fail_msg("%s returned %d in spite of the fault: %s", name, status, one.job.reason);
	if (strstr(one.job.reason, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", name, one.job.reason, words);
	if (one.job.error_number != 0 &&
	    strstr(one.job.reason, strerror(one.job.error_number)) == NULL)
		fail_msg("%s: \"%s\" has another's errno", name, one.job.reason);
	job_tear_down(&one.job);
	if (trouble->directory == NULL && rmdir(one.scratch.directories[0].path) != 0)
		fail_msg("%s left something behind after a failure", name);
}

/* A new directory on which file systems can be mounted that this process alone sees; as root of
 * a user namespace if need be. The test is skipped where that is not allowed. */
static inline void make_mount_point(char *path_template)
{
	int flags = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;

	assert_non_null(mkdtemp(path_template));
	if (unshare(flags) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return;
	print_message("SKIP: no mount of one's own here: %s\n", strerror(errno));
	(void)rmdir(path_template);
	skip();
}

#endif
