// SPDX-License-Identifier: GPL-2.0-or-later
/* O_DIRECT in transfers that the device does, or a skip that says which it would do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_faults.h"
#include "one_job.h"

enum { KIB = 1024 };

/* Sequential reads with O_DIRECT of `blocks` KiB under a fault; the bytes read, or the reason. */
static uint64_t direct_read(const char *fault, size_t blocks, size_t block_bytes, char *reason)
{
	struct one_job one;

	reason[0] = '\0';
	one_job_begin(&one, NULL);
	one.around.blocks = blocks;
	one.settings.block_bytes = block_bytes;
	fault_arm(fault, 0);
	int status = one_job_set_up(&one, "disk_dio_rd");
	fault_arm(NULL, 0);
	if (status == REAIM_OK)
		status = job_run(&one.job);
	uint64_t did = one.job.did;
	if (status != REAIM_OK)
		(void)snprintf(reason, REASON_SIZE, "%s", one.job.reason);
	assert_true(status == REAIM_OK || status == REAIM_SKIP);
	assert_int_equal(one_job_end(&one), 0);
	return did;
}

static void direct_transfers_fit_the_device_or_are_skipped(void **state)
{
	char reason[REASON_SIZE];

	(void)state;
	(void)direct_read(NULL, 11, 4 * KIB, reason);
	if (reason[0] != '\0') {
		print_message("SKIP: %s\n", reason);
		skip();
	}
	/* Rounded up to whole sectors, never down. */
	assert_int_equal(direct_read("sectors_of_4k", 11, 4 * KIB, reason), 12 * KIB);
	assert_int_equal(direct_read("unknown_sectors", 11, 4 * KIB, reason), 12 * KIB);
	(void)direct_read("sectors_of_4k", 11, KIB, reason);
	assert_non_null(strstr(reason, "O_DIRECT needs multiples of 4096 bytes: use --block-size"));
	(void)direct_read("no_direct_transfers", 11, KIB, reason);
	assert_non_null(strstr(reason, "this file has no O_DIRECT"));
	(void)direct_read("refuse_pwrite", 11, KIB, reason);
	assert_non_null(strstr(reason, "no O_DIRECT in transfers of 1024 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct_transfers_fit_the_device_or_are_skipped),
	};

	return cmocka_run_group_tests_name("direct transfers", tests, NULL, NULL);
}
