// SPDX-License-Identifier: GPL-2.0-or-later
/* The search of a tree finds what was there before, or says what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faults.h"
#include "one_job.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { JOBS = 3, DIRECTORIES = 4 };

/* In `directory`, or in a new one. */
static void begin_tree(struct one_job *one, const char *directory, int files)
{
	char path[SCRATCH_PATH_SIZE + 64];

	one_job_begin(one, directory);
	(void)snprintf(one->scratch.source_tree, sizeof(one->scratch.source_tree), "%.200s/tree",
		       one->scratch.directories[0].path);
	assert_int_equal(mkdir(one->scratch.source_tree, 0700), 0);
	for (int i = 0; i < files; i++) {
		(void)snprintf(path, sizeof(path), "%s/d%d", one->scratch.source_tree,
			       i % DIRECTORIES);
		if (i < DIRECTORIES)
			assert_int_equal(mkdir(path, 0700), 0);
		(void)snprintf(path, sizeof(path), "%s/d%d/f%d", one->scratch.source_tree,
			       i % DIRECTORIES, i);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	}
}

/* Removes the files; with `again`, makes each anew while the old one still has its inode. */
static void change_tree(const struct one_job *one, int files, bool again)
{
	char path[SCRATCH_PATH_SIZE + 64];
	char old[SCRATCH_PATH_SIZE + 64];

	for (int i = 0; i < files; i++) {
		(void)snprintf(path, sizeof(path), "%s/d%d/f%d", one->scratch.source_tree,
			       i % DIRECTORIES, i);
		(void)snprintf(old, sizeof(old), "%s/d%d/old", one->scratch.source_tree,
			       i % DIRECTORIES);
		if (!again) {
			assert_int_equal(unlink(path), 0);
			continue;
		}
		assert_int_equal(rename(path, old), 0);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
		assert_int_equal(unlink(old), 0);
	}
}

static void end_tree(struct one_job *one, int files, bool removed)
{
	char path[SCRATCH_PATH_SIZE + 64];

	if (!removed)
		change_tree(one, files, false);
	for (int i = 0; i < DIRECTORIES && i < files; i++) {
		(void)snprintf(path, sizeof(path), "%s/d%d", one->scratch.source_tree, i);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(one->scratch.source_tree), 0);
	assert_int_equal(one_job_end(one), 0);
}

static void a_tree_of_any_size_is_searched_75_times(void **state)
{
	static const int sizes[] = {3, 50, 400};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct one_job one;

		begin_tree(&one, NULL, sizes[i]);
		assert_int_equal(one_job_set_up(&one, "disk_src"), REAIM_OK);
		for (int j = 0; j < JOBS; j++) {
			assert_int_equal(job_run(&one.job), REAIM_OK);
			assert_int_equal(one.job.did, 75);
		}
		end_tree(&one, sizes[i], false);
	}
}

/* A number that tells names, and their order, from others. */
static uint64_t searched;

int fstatat(int directory, const char *restrict path, struct stat *restrict facts, int flags)
{
	for (const char *byte = path; *byte != '\0'; byte++)
		searched = searched * 31 + (unsigned char)*byte;
	return NEXT(fstatat)(directory, path, facts, flags);
}

static uint64_t names_of_a_job(struct one_job *one)
{
	searched = 0;
	one->user = user_of(&one->around, 0);
	assert_int_equal(one_job_set_up(one, "disk_src"), REAIM_OK);
	assert_int_equal(job_run(&one->job), REAIM_OK);
	job_tear_down(&one->job);
	return searched;
}

/* A file system in memory lists what was made last first or last. */
static void the_order_of_a_directory_is_not_that_of_the_search(void **state)
{
	char in_memory[] = "/dev/shm/reaim-test-XXXXXX";
	struct one_job one;

	(void)state;
	begin_tree(&one, mkdtemp(in_memory), 400);
	uint64_t names = names_of_a_job(&one);
	assert_true(names != 0);
	change_tree(&one, 100, true);
	assert_int_equal(names_of_a_job(&one), names);
	one.settings.seed = 2;
	assert_true(names_of_a_job(&one) != names);
	end_tree(&one, 400, false);
}

static void a_tree_that_changes_is_an_error(void **state)
{
	(void)state;
	for (int again = 0; again <= 1; again++) {
		struct one_job one;

		begin_tree(&one, NULL, 200);
		assert_int_equal(one_job_set_up(&one, "disk_src"), REAIM_OK);
		change_tree(&one, 200, again == 1);
		assert_int_equal(job_run(&one.job), REAIM_ERROR);
		assert_non_null(strstr(one.job.reason, again == 1
							       ? "is another file now"
							       : "is gone from the source tree"));
		end_tree(&one, 200, again == 0);
	}
}

static void an_empty_tree_is_an_error(void **state)
{
	struct one_job one;

	(void)state;
	begin_tree(&one, NULL, 0);
	assert_int_equal(one_job_set_up(&one, "disk_src"), REAIM_ERROR);
	assert_non_null(strstr(one.job.reason, "nothing to search in the source tree /"));
	end_tree(&one, 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_of_any_size_is_searched_75_times),
		cmocka_unit_test(the_order_of_a_directory_is_not_that_of_the_search),
		cmocka_unit_test(a_tree_that_changes_is_an_error),
		cmocka_unit_test(an_empty_tree_is_an_error),
	};

	return cmocka_run_group_tests_name("disk_src", tests, NULL, NULL);
}
