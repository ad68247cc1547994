// SPDX-License-Identifier: GPL-2.0-or-later
/* Each disk operation on a file of its own moves the bytes it says by the door it says, and
 * whatever goes wrong with the file under it is an error with a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_faults.h"

#include "job_checks.h"

#include <linux/magic.h>
#include <signal.h>
#include <sys/statfs.h>

enum { KIB = 1024, JOBS = 2, BLOCKS = 256 };

/* How the released program counts each, and what is asked of the kernel. */
static const struct operation {
	const char *name;
	double per_block;
	int flags;
	bool synced;
	bool queued;
} operations[] = {
	{"disk_rr", 1, 0, true, false},
	{"disk_rw", 1, 0, true, false},
	{"disk_rd", 1, 0, true, false},
	{"disk_wrt", 1, 0, true, false},
	{"disk_cp", 1, 0, true, false},
	{"disk_brr", 1, 0, false, false},
	{"disk_brw", 1, 0, false, false},
	{"disk_brd", 1, 0, false, false},
	{"disk_bwrt", 1, 0, false, false},
	{"disk_bcp", 1, 0, false, false},
	{"sync_disk_rw", 0.5, O_SYNC, true, false},
	{"sync_disk_wrt", 0.5, O_SYNC, true, false},
	{"sync_disk_cp", 0.5, O_SYNC, true, false},
	{"sync_disk_update", 0.5, O_SYNC, true, false},
	{"disk_dio_rr", 1, O_DIRECT, true, false},
	{"disk_dio_rw", 1, O_DIRECT, true, false},
	{"disk_dio_rd", 1, O_DIRECT, true, false},
	{"disk_dio_wrt", 1, O_DIRECT, true, false},
	{"disk_dio_cp", 1, O_DIRECT, true, false},
	{"disk_aio_rr", 1, 0, true, true},
	{"disk_aio_rw", 1, 0, true, true},
	{"disk_aiodio_rr", 1, O_DIRECT, true, true},
	{"disk_aiodio_rw", 1, O_DIRECT, true, true},
	{"io_uring_rr", 1, 0, false, true},
	{"io_uring_rw", 1, 0, false, true},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* What this kernel, sandbox or file system has not; anything else is no excuse. */
static bool is_excuse(const char *name, const char *reason)
{
	const struct operation *operation = operations;

	while (strcmp(operation->name, name) != 0)
		operation++;
	return ((operation->flags & O_DIRECT) != 0 && strstr(reason, "O_DIRECT") != NULL) ||
	       (operation->queued &&
		(strstr(reason, "io_setup") != NULL || strstr(reason, "io_uring") != NULL));
}

static void run_jobs(const struct operation *operation, size_t block_bytes)
{
	struct one_job one;
	int before = open_descriptors();

	one_job_begin(&one, NULL);
	one.around.blocks = BLOCKS;
	one.settings.block_bytes = block_bytes;
	if (!is_set_up(&one, operation->name, is_excuse))
		return;
	assert_true(one.job.op->operations_per_block == operation->per_block);
	for (int j = 0; j < JOBS; j++) {
		asked_reset();
		if (job_run(&one.job) != REAIM_OK)
			fail_msg("%s: %s", operation->name, one.job.reason);
		assert_int_equal(one.job.did, BLOCKS * KIB * operation->per_block);
		assert_int_equal(asked.syncfs, operation->synced ? 1 : 0);
		assert_int_equal(asked.flags & (O_SYNC | O_DIRECT), operation->flags);
		assert_int_equal(asked.queued > 0, operation->queued);
	}
	if (one_job_end(&one) != 0)
		fail_msg("%s left something behind", operation->name);
	assert_int_equal(open_descriptors(), before);
}

static void every_operation_moves_all_its_bytes_its_own_way(void **state)
{
	static const size_t sizes[] = {KIB, 4 * KIB, 64 * KIB};

	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			run_jobs(&operations[i], sizes[j]);
}

/* A transfer that does not divide the file, an odd number of blocks, and just one of them. */
static void every_operation_copes_with_odd_sizes(void **state)
{
	static const struct {
		size_t blocks, block_bytes;
	} sizes[] = {{11, KIB}, {11, 4 * KIB}, {1, KIB}, {70, 64 * KIB}, {1100, 1024 * KIB}};

	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			struct one_job one;

			one_job_begin(&one, NULL);
			one.around.blocks = sizes[j].blocks;
			one.settings.block_bytes = sizes[j].block_bytes;
			if (!is_set_up(&one, operations[i].name, is_excuse))
				continue;
			if (job_run(&one.job) != REAIM_OK)
				fail_msg("%s: %s", operations[i].name, one.job.reason);
			assert_true(one.job.did >= KIB / 2);
			assert_int_equal(one_job_end(&one), 0);
		}
	}
}

static void block_size_is_the_size_of_a_transfer(void **state)
{
	struct one_job one;

	(void)state;
	one_job_begin(&one, NULL);
	one.around.blocks = BLOCKS;
	one.settings.block_bytes = 2 * KIB;
	assert_int_equal(one_job_set_up(&one, "disk_brd"), REAIM_OK);
	asked_reset();
	assert_int_equal(job_run(&one.job), REAIM_OK);
	assert_int_equal(asked.transfer, 2 * KIB);
	assert_int_equal(asked.transfer_max, 64 * KIB); /* the file is made in large ones */
	assert_int_equal(one_job_end(&one), 0);
}

static void sync_is_what_was_asked_for(void **state)
{
	struct one_job one;

	(void)state;
	for (int compat = 0; compat <= 1; compat++) {
		for (int no_sync = 0; no_sync <= 1; no_sync++) {
			one_job_begin(&one, NULL);
			one.settings.compat = compat == 1;
			one.settings.no_sync = no_sync == 1;
			assert_int_equal(one_job_set_up(&one, "disk_wrt"), REAIM_OK);
			asked_reset();
			assert_int_equal(job_run(&one.job), REAIM_OK);
			assert_int_equal(asked.syncfs, no_sync == 0 && compat == 0);
			assert_int_equal(asked.syncs, no_sync == 0 && compat == 1);
			assert_int_equal(one_job_end(&one), 0);
		}
	}
}

/* In a directory, or in a new one. */
static void assert_ends_in(const char *directory, const char *name, int wanted, const char *words)
{
	assert_ends(name, wanted, words,
		    &(struct trouble){.directory = directory, .blocks = BLOCKS});
}

static void a_file_that_fails_is_an_error_with_its_name(void **state)
{
	static const struct {
		const char *fault;
		unsigned after; /* this many good calls */
		const char *name, *words;
	} faults[] = {
		{"pread", 200, "disk_rr", "read /"},
		{"pread", 0, "disk_bcp", "Input/output error"},
		{"truncate_in_pread", 9, "disk_brr", "file truncated"},
		{"truncate_in_pread", 9, "sync_disk_update", "file truncated"},
		{"truncate_in_pread", 200, "disk_cp", "0 of 1024 bytes: file truncated"},
		{"truncate_in_pread", 2, "disk_bwrt", "0 of 65536 bytes: file truncated"},
		{"change_what_pread_reads", 255, "disk_rd", "wrong bytes at offset 262136"},
		{"change_what_pread_reads", 0, "disk_brw", "wrong bytes at offset 65528"},
		{"change_what_pread_reads", 3, "disk_aio_rw", "wrong bytes at offset 262136"},
		{"change_what_pread_reads", 1, "io_uring_rw", "wrong bytes at offset 131064"},
		{"change_what_pread_reads", 99, "disk_bcp", "/copy.0.0: wrong bytes at offset"},
		{"lose_a_pwrite", 3, "disk_brr", "read /"},
		{"lose_a_pwrite", 3, "disk_aio_rr", "aio read at offset"},
		{"lose_a_pwrite", 3, "io_uring_rr", "io_uring read at offset"},
		{"lose_a_pwrite", 4, "disk_brw", "wrong bytes"},
		{"lose_a_pwrite", 50, "sync_disk_wrt", "wrong bytes at offset 47104"},
		{"lose_a_pwrite", 259, "disk_cp", "/copy.0.0 at offset 196608: 64512 of 65536"},
		{"truncate_in_queue", 0, "disk_aio_rr", "aio read at offset"},
		{"truncate_in_queue", 0, "io_uring_rr", "of 1024 bytes"},
		{"syncfs", 0, "disk_rr", "syncfs /"},
		{"mmap", 0, "disk_rr", "mmap of 65536 bytes: Cannot allocate memory"},
		{"mmap", 1, "disk_rr", "mmap of 256 bytes: Cannot allocate memory"},
		{"aio_used_up", 0, "disk_aio_rr", "fs.aio-max-nr"},
		{"uring_out_of_memory", 0, "io_uring_rr", "io_uring_setup: Cannot allocate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fault_arm(faults[i].fault, faults[i].after);
		assert_ends_in(NULL, faults[i].name, REAIM_ERROR, faults[i].words);
	}
}

/* What was taken before the rest was refused still ends before the job does. */
static void a_part_that_is_submitted_is_waited_for(void **state)
{
	struct one_job one;

	(void)state;
	one_job_begin(&one, NULL);
	one.around.blocks = BLOCKS;
	if (!is_set_up(&one, "disk_aio_rr", is_excuse))
		skip();
	asked_reset();
	fault_arm("submit_a_part", 0);
	assert_int_equal(job_run(&one.job), REAIM_ERROR);
	fault_arm(NULL, 0);
	assert_string_equal(one.job.reason, "io_submit: Resource temporarily unavailable");
	assert_true(asked.queued > 0);
	assert_int_equal(asked.under_way, 0);
	assert_int_equal(one_job_end(&one), 0);
}

static void what_a_kernel_lacks_is_a_skip_with_a_reason(void **state)
{
	(void)state;
	fault_arm("no_aio", 0);
	assert_ends_in(NULL, "disk_aio_rw", REAIM_SKIP, "io_setup: Function not implemented");
	fault_arm("no_uring", 0);
	assert_ends_in(NULL, "io_uring_rr", REAIM_SKIP, "io_uring_setup: Operation not permitted");
}

static void a_file_system_in_memory_has_no_direct_transfers(void **state)
{
	char path[] = "/dev/shm/reaim-test-XXXXXX";
	struct statfs facts;

	(void)state;
	if (mkdtemp(path) == NULL || statfs(path, &facts) != 0 || facts.f_type != TMPFS_MAGIC) {
		print_message("SKIP: no tmpfs at /dev/shm\n");
		skip();
	}
	for (size_t i = 0; i < OPERATIONS; i++)
		if ((operations[i].flags & O_DIRECT) != 0)
			assert_ends_in(path, operations[i].name, REAIM_SKIP, "O_DIRECT");
	assert_int_equal(rmdir(path), 0);
}

/* Jobs take the directories in turn; setup sees one of them. */
static void direct_jobs_in_the_next_directory_are_checked_too(void **state)
{
	char in_memory[] = "/dev/shm/reaim-test-XXXXXX";
	struct one_job one;
	struct statfs facts;

	(void)state;
	if (mkdtemp(in_memory) == NULL || statfs(in_memory, &facts) != 0 ||
	    facts.f_type != TMPFS_MAGIC) {
		print_message("SKIP: no tmpfs at /dev/shm\n");
		skip();
	}
	one_job_begin(&one, NULL);
	one.around.blocks = BLOCKS;
	one.settings.block_bytes = 4 * KIB;
	if (!is_set_up(&one, "disk_dio_rr", is_excuse)) {
		assert_int_equal(rmdir(in_memory), 0);
		skip();
	}
	one.scratch.count = 2;
	(void)snprintf(one.scratch.directories[1].path, SCRATCH_PATH_SIZE, "%s", in_memory);
	assert_int_equal(job_run(&one.job), REAIM_OK);
	assert_int_equal(job_run(&one.job), REAIM_ERROR);
	assert_non_null(strstr(one.job.reason, in_memory));
	assert_non_null(strstr(one.job.reason, "O_DIRECT")); /* before Linux 6.6: refuses it */
	assert_int_equal(rmdir(in_memory), 0);
	assert_int_equal(one_job_end(&one), 0);
}

static void a_transfer_larger_than_the_file_is_an_error(void **state)
{
	struct one_job one;

	(void)state;
	one_job_begin(&one, NULL);
	one.around.blocks = 10;
	one.settings.block_bytes = 1024 * KIB;
	assert_int_equal(one_job_set_up(&one, "disk_rr"), REAIM_ERROR);
	assert_string_equal(one.job.reason,
			    "a transfer of 1048576 bytes is larger than the file of 10 KiB: raise "
			    "FILESIZE or lower --block-size");
	assert_int_equal(one_job_end(&one), 0);
}

static void limits_are_errors_with_a_name(void **state)
{
	const struct trouble small_files = {
		.blocks = BLOCKS, .resource = RLIMIT_FSIZE, .limited = true, .limit = 100 * KIB};
	const struct trouble few_descriptors = {
		.blocks = BLOCKS, .resource = RLIMIT_NOFILE, .limited = true, .limit = 3};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++) {
		if ((operations[i].flags & O_DIRECT) != 0 || operations[i].queued)
			continue;
		assert_ends(operations[i].name, REAIM_ERROR, "File too large", &small_files);
		assert_ends(operations[i].name, REAIM_ERROR, "Too many open files",
			    &few_descriptors);
	}
	(void)signal(SIGXFSZ, handler);
}

static void a_full_file_system_is_an_error(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{"disk_rr", "disk.0.0 at offset"},
		{"disk_bwrt", "No space left on device"},
		{"sync_disk_rw", "No space left"},
		{"disk_aio_rw", "No space left on device"},
		{"io_uring_rw", "No space left on device"},
	};
	char path[] = "/tmp/reaim-full-XXXXXX";

	(void)state;
	make_mount_point(path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(mount("full", path, "tmpfs", 0, "size=128k"), 0);
		assert_ends_in(path, cases[i].name, REAIM_ERROR, cases[i].words);
		assert_int_equal(umount(path), 0);
	}
	/* The file fits, its copy does not. */
	assert_int_equal(mount("full", path, "tmpfs", 0, "size=300k"), 0);
	assert_ends_in(path, "disk_bcp", REAIM_ERROR, "copy.0.0 at offset");
	assert_int_equal(umount(path), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_moves_all_its_bytes_its_own_way),
		cmocka_unit_test(every_operation_copes_with_odd_sizes),
		cmocka_unit_test(block_size_is_the_size_of_a_transfer),
		cmocka_unit_test(sync_is_what_was_asked_for),
		cmocka_unit_test(a_file_that_fails_is_an_error_with_its_name),
		cmocka_unit_test(a_part_that_is_submitted_is_waited_for),
		cmocka_unit_test(what_a_kernel_lacks_is_a_skip_with_a_reason),
		cmocka_unit_test(a_file_system_in_memory_has_no_direct_transfers),
		cmocka_unit_test(direct_jobs_in_the_next_directory_are_checked_too),
		cmocka_unit_test(a_transfer_larger_than_the_file_is_an_error),
		cmocka_unit_test(limits_are_errors_with_a_name),
		cmocka_unit_test(a_full_file_system_is_an_error),
	};

	return cmocka_run_group_tests_name("disk operations", tests, NULL, NULL);
}
