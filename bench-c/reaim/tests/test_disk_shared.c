// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations on files that last longer than a job: the common file, whose reads must be real,
 * and the file that fills the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_faults.h"
#include "one_job.h"

#include <sys/stat.h>

enum { KIB = 1024, MIB = KIB * KIB, BLOCKS = 128, JOBS = 3, COMMON_BYTES = 8 * MIB };

static const char *const common_names[] = {"disk_common_rr", "disk_common_rd", "disk_common_dio_rr",
					   "disk_common_dio_rd"};
enum { COMMON_OPERATIONS = sizeof(common_names) / sizeof(common_names[0]) };

/* Makes the common file with the pattern of the contract, but for the word at `wrong`. */
static void begin_common(struct one_job *one, const char *directory, size_t bytes, size_t wrong)
{
	one_job_begin(one, directory);
	one->around.blocks = BLOCKS;
	char *path = one->scratch.common_file;
	int length = snprintf(path, sizeof(one->scratch.common_file), "%s/common",
			      one->scratch.directories[0].path);
	assert_in_range(length, 1, sizeof(one->scratch.common_file) - 1);
	uint64_t *words = malloc(bytes);
	assert_non_null(words);
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = reaim_common_word(i * sizeof(*words));
	for (size_t offset = wrong; offset < bytes; offset += 64 * KIB)
		words[offset / sizeof(*words)] ^= 1;
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, words, bytes), bytes);
	assert_int_equal(close(fd), 0);
	free(words);
}

static void end_common(struct one_job *one)
{
	assert_int_equal(unlink(one->scratch.common_file), 0);
	assert_int_equal(one_job_end(one), 0);
}

/* True if set up; false if the file system of the test's directory cannot show real reads. */
static bool set_up_common(struct one_job *one, const char *name)
{
	int status = one_job_set_up(one, name);

	if (status == REAIM_OK)
		return true;
	if (status != REAIM_SKIP)
		fail_msg("%s: %s", name, one->job.reason);
	print_message("SKIP %s: %s\n", name, one->job.reason);
	end_common(one);
	return false;
}

/* The kernel's count from another source than the operation's: the whole process so far. */
static uint64_t read_from_disk(void)
{
	unsigned long long bytes = 0;
	char line[128];
	FILE *file = fopen("/proc/self/io", "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "read_bytes: %llu", &bytes) == 1)
			break;
	(void)fclose(file);
	return bytes;
}

static void reads_of_the_common_file_are_real(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMON_OPERATIONS; i++) {
		struct one_job one;

		begin_common(&one, NULL, COMMON_BYTES, SIZE_MAX);
		one.settings.block_bytes = 4 * KIB;
		if (!set_up_common(&one, common_names[i]))
			continue;
		for (int j = 0; j < JOBS; j++) {
			uint64_t before = read_from_disk();
			if (job_run(&one.job) != REAIM_OK)
				fail_msg("%s: %s", common_names[i], one.job.reason);
			assert_int_equal(one.job.did, BLOCKS * KIB);
			assert_true(read_from_disk() - before >= BLOCKS * KIB / 2);
		}
		end_common(&one);
	}
}

static void a_read_that_the_cache_answers_is_no_figure(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct one_job one;
		char buffer[64 * KIB];

		begin_common(&one, NULL, COMMON_BYTES, SIZE_MAX);
		if (!set_up_common(&one, common_names[i]))
			continue;
		int fd = open(one.scratch.common_file, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		while (read(fd, buffer, sizeof(buffer)) > 0)
			continue;
		assert_int_equal(close(fd), 0);
		fault_arm("keep_in_cache", 0);
		int status = job_run(&one.job);
		fault_arm(NULL, 0);
		assert_int_equal(status, REAIM_ERROR);
		assert_non_null(strstr(one.job.reason, "of 131072 bytes came from a disk"));
		end_common(&one);
	}
}

static void a_common_file_with_other_bytes_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMON_OPERATIONS; i++) {
		struct one_job one;

		begin_common(&one, NULL, COMMON_BYTES, 65528);
		one.settings.block_bytes = 64 * KIB;
		if (!set_up_common(&one, common_names[i]))
			continue;
		assert_int_equal(job_run(&one.job), REAIM_ERROR);
		assert_non_null(strstr(one.job.reason, "/common: wrong bytes at offset "));
		end_common(&one);
	}
}

static void a_common_file_cut_short_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMON_OPERATIONS; i++) {
		struct one_job one;

		begin_common(&one, NULL, COMMON_BYTES, SIZE_MAX);
		if (!set_up_common(&one, common_names[i]))
			continue;
		assert_int_equal(truncate(one.scratch.common_file, 0), 0);
		assert_int_equal(job_run(&one.job), REAIM_ERROR);
		assert_non_null(strstr(one.job.reason, "file truncated"));
		end_common(&one);
	}
}

static void a_common_file_smaller_than_a_job_is_an_error(void **state)
{
	struct one_job one;

	(void)state;
	begin_common(&one, NULL, (BLOCKS - 1) * KIB, SIZE_MAX);
	assert_int_equal(one_job_set_up(&one, "disk_common_rd"), REAIM_ERROR);
	assert_non_null(strstr(one.job.reason, "of 130048 bytes is smaller than 131072"));
	end_common(&one);
}

static void without_a_disk_under_it_the_common_file_is_a_skip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMON_OPERATIONS; i++) {
		struct one_job one;
		char path[] = "/dev/shm/reaim-test-XXXXXX";

		if (mkdtemp(path) == NULL) {
			print_message("SKIP: no tmpfs at /dev/shm\n");
			skip();
		}
		begin_common(&one, path, COMMON_BYTES, SIZE_MAX);
		assert_int_equal(one_job_set_up(&one, common_names[i]), REAIM_SKIP);
		const char *words = i < 2 ? "is no read of a disk" : "has no O_DIRECT";
		assert_non_null(strstr(one.job.reason, words));
		end_common(&one);
	}
}

static void options_that_are_missing_are_a_skip(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {{"disk_common_rr", "needs --common-file"},
		     {"disk_common_dio_rd", "needs --common-file"},
		     {"disk_cache_rr", "needs --cache-fraction"},
		     {"disk_cache_update", "needs --cache-fraction"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct one_job one;

		one_job_begin(&one, NULL);
		assert_int_equal(one_job_set_up(&one, cases[i].name), REAIM_SKIP);
		assert_string_equal(one.job.reason, cases[i].words);
		assert_int_equal(one_job_end(&one), 0);
	}
}

/* The cache. */

static const char *const cache_names[] = {"disk_cache_rr", "disk_cache_update"};

static void begin_cache(struct one_job *one)
{
	one_job_begin(one, NULL);
	one->around.blocks = BLOCKS;
	one->around.cache_bytes = 4 * MIB + 100;
}

enum { CACHE_PATH_SIZE = SCRATCH_PATH_SIZE + 16 };

static const char *cache_file(const struct one_job *one, char *path)
{
	(void)snprintf(path, CACHE_PATH_SIZE, "%s/cache.0.0", one->scratch.directories[0].path);
	return path;
}

static void the_cache_file_is_as_large_as_asked_and_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct one_job one;
		struct stat facts;
		char path[CACHE_PATH_SIZE];

		begin_cache(&one);
		assert_int_equal(one_job_set_up(&one, cache_names[i]), REAIM_OK);
		for (int j = 0; j < JOBS; j++) {
			assert_int_equal(job_run(&one.job), REAIM_OK);
			assert_int_equal(one.job.did, BLOCKS * KIB);
			assert_int_equal(stat(cache_file(&one, path), &facts), 0);
			assert_int_equal(facts.st_size, 4 * MIB);
		}
		assert_int_equal(one_job_end(&one), 0);
	}
}

static void both_operations_of_a_user_share_the_cache_file(void **state)
{
	struct one_job one;
	struct reaim_job update;
	char path[CACHE_PATH_SIZE];

	(void)state;
	begin_cache(&one);
	assert_int_equal(one_job_set_up(&one, "disk_cache_rr"), REAIM_OK);
	assert_int_equal(job_set_up(&update, catalogue_find("disk_cache_update"), &one.user, 1),
			 REAIM_OK);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(job_run(&update), REAIM_OK);
		assert_int_equal(job_run(&one.job), REAIM_OK);
	}
	/* Once the one file is unlinked the directory is empty, and both can go on. */
	assert_int_equal(unlink(cache_file(&one, path)), 0);
	assert_int_equal(rmdir(one.scratch.directories[0].path), 0);
	job_tear_down(&one.job);
	assert_int_equal(job_run(&update), REAIM_OK);
	job_tear_down(&update);
}

static void a_cache_file_that_changes_between_jobs_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (int cut = 0; cut <= 1; cut++) {
			struct one_job one;
			char path[CACHE_PATH_SIZE];

			begin_cache(&one);
			assert_int_equal(one_job_set_up(&one, cache_names[i]), REAIM_OK);
			assert_int_equal(job_run(&one.job), REAIM_OK);
			assert_int_equal(truncate(cache_file(&one, path), 0), 0);
			if (cut == 0)
				assert_int_equal(truncate(path, 4 * MIB), 0);
			assert_int_equal(job_run(&one.job), REAIM_ERROR);
			assert_non_null(strstr(one.job.reason,
					       cut == 1 ? "file truncated" : "wrong bytes"));
			assert_int_equal(one_job_end(&one), 0);
		}
	}
}

static void an_update_that_is_lost_is_an_error(void **state)
{
	struct one_job one;
	int status = REAIM_OK;

	(void)state;
	begin_cache(&one);
	one.around.cache_bytes = BLOCKS * KIB; /* so small that a job meets blocks again */
	assert_int_equal(one_job_set_up(&one, "disk_cache_update"), REAIM_OK);
	fault_arm("lose_a_pwrite", 5);
	status = job_run(&one.job);
	fault_arm(NULL, 0);
	assert_int_equal(status, REAIM_ERROR);
	assert_non_null(strstr(one.job.reason, "wrong bytes at offset"));
	assert_int_equal(one_job_end(&one), 0);
}

static void a_cache_that_does_not_hold_the_file_is_an_error(void **state)
{
	struct one_job one;

	(void)state;
	begin_cache(&one);
	fault_arm("nothing_in_core", 0);
	assert_int_equal(one_job_set_up(&one, "disk_cache_rr"), REAIM_ERROR);
	fault_arm(NULL, 0);
	assert_non_null(strstr(one.job.reason, "0 of 1024 pages are in the cache"));
	assert_int_equal(one_job_end(&one), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_of_the_common_file_are_real),
		cmocka_unit_test(a_read_that_the_cache_answers_is_no_figure),
		cmocka_unit_test(a_common_file_with_other_bytes_is_an_error),
		cmocka_unit_test(a_common_file_cut_short_is_an_error),
		cmocka_unit_test(a_common_file_smaller_than_a_job_is_an_error),
		cmocka_unit_test(without_a_disk_under_it_the_common_file_is_a_skip),
		cmocka_unit_test(options_that_are_missing_are_a_skip),
		cmocka_unit_test(the_cache_file_is_as_large_as_asked_and_stays),
		cmocka_unit_test(both_operations_of_a_user_share_the_cache_file),
		cmocka_unit_test(a_cache_file_that_changes_between_jobs_is_an_error),
		cmocka_unit_test(an_update_that_is_lost_is_an_error),
		cmocka_unit_test(a_cache_that_does_not_hold_the_file_is_an_error),
	};

	return cmocka_run_group_tests_name("disk operations on lasting files", tests, NULL, NULL);
}
