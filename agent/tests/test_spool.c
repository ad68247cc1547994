/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: what was kept is found again, whatever the crash; what was torn is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool.h"

#define ATTEMPT 7

static char directory[64];
static char journal[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/kdyno-spool-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(journal, sizeof(journal), "%s/attempt-%d.journal", directory, ATTEMPT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(journal);
	return rmdir(directory);
}

static void open_spool(struct spool *spool)
{
	struct spool_error error = {""};

	if (spool_open(spool, directory, ATTEMPT, &error) != 0)
		fail_msg("%s", error.text);
}

static void put(struct spool *spool, const char *phase, enum event_kind kind, const char *outcome)
{
	struct spool_entry entry = {.seq = spool_next_seq(spool, phase),
				    .kind = kind,
				    .failed = strcmp(outcome, "error") == 0};
	char text[256];
	struct buffer event = {.data = text};

	snprintf(entry.phase, sizeof(entry.phase), "%s", phase);
	event.length = (size_t)snprintf(
		text, sizeof(text),
		"{\"phase\":\"%s\",\"seq\":%d,\"kind\":\"%s\",\"boot_id\":\"b1\",\"outcome\":\"%s\"}",
		phase, (int)entry.seq, event_kind_name(kind), outcome);
	assert_int_equal(spool_put_event(spool, &entry, &event), 0);
}

/* A journal with a job and three events, the first one acknowledged. */
static void write_journal(void)
{
	struct spool spool;
	size_t first = 0;

	open_spool(&spool);
	assert_int_equal(spool_put_job(&spool, "{\"phases\":[]}"), 0);
	put(&spool, "", EVENT_JOB_STARTED, "");
	put(&spool, "one", EVENT_PHASE_STARTED, "");
	assert_int_equal(spool_acknowledge(&spool, &first, 1), 0);
	put(&spool, "one", EVENT_PHASE_FINISHED, "done");
	spool_close(&spool);
}

static void append_bytes(const char *bytes, size_t count)
{
	int fd = open(journal, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	close(fd);
}

static int64_t journal_size(void)
{
	struct stat status;

	assert_int_equal(stat(journal, &status), 0);
	return status.st_size;
}

static void assert_whole(const struct spool *spool)
{
	struct buffer text = {0};

	assert_string_equal(spool->job, "{\"phases\":[]}");
	assert_int_equal(spool->count, 3);
	assert_string_equal(spool->boot_id, "b1");
	assert_int_equal(spool_pending(spool), 2);
	assert_true(spool->entries[0].acknowledged);
	assert_true(spool_has(spool, "one", EVENT_PHASE_FINISHED));
	assert_false(spool_job_failed(spool));
	assert_int_equal(spool_next_seq(spool, "one"), 3);
	assert_int_equal(spool_next_seq(spool, "two"), 1);
	assert_int_equal(spool_read_event(spool, 1, &text), 0);
	assert_string_equal(text.data, "{\"phase\":\"one\",\"seq\":1,\"kind\":\"phase_started\","
				       "\"boot_id\":\"b1\",\"outcome\":\"\"}");
	buffer_free(&text);
}

static void a_new_spool_is_empty(void **state)
{
	struct spool spool;

	(void)state;
	open_spool(&spool);
	assert_null(spool.job);
	assert_int_equal(spool.count, 0);
	assert_int_equal(spool_next_seq(&spool, ""), 1);
	spool_close(&spool);
}

static void everything_is_found_again(void **state)
{
	struct spool spool;

	(void)state;
	write_journal();
	open_spool(&spool);
	assert_whole(&spool);
	spool_close(&spool);
}

static void a_failed_phase_is_remembered(void **state)
{
	struct spool spool;

	(void)state;
	write_journal();
	open_spool(&spool);
	put(&spool, "two", EVENT_PHASE_FINISHED, "error");
	assert_true(spool_job_failed(&spool));
	spool_close(&spool);
	open_spool(&spool);
	assert_true(spool_job_failed(&spool));
	spool_close(&spool);
}

/* Cut the journal at each byte: what was whole before the cut is there, and writing goes on. */
static void a_torn_end_is_dropped(void **state)
{
	int64_t size;

	(void)state;
	write_journal();
	size = journal_size();
	for (int64_t cut = size - 1; cut >= 0; cut--) {
		struct spool spool;
		size_t before;

		unlink(journal);
		write_journal();
		assert_int_equal(truncate(journal, cut), 0);
		open_spool(&spool);
		assert_true(spool.end <= cut);
		assert_int_equal(journal_size(), spool.end);
		before = spool.count;
		assert_true(before < 3);
		put(&spool, "again", EVENT_PHASE_STARTED, "");
		spool_close(&spool);
		open_spool(&spool);
		assert_int_equal(spool.count, before + 1);
		spool_close(&spool);
	}
}

static void a_torn_end_of_zeros_is_dropped(void **state)
{
	static const char zeros[4096];
	struct spool spool;

	(void)state;
	write_journal();
	append_bytes(zeros, sizeof(zeros));
	open_spool(&spool);
	assert_whole(&spool);
	spool_close(&spool);
}

static void damage_in_the_middle_is_refused(void **state)
{
	struct spool spool;
	struct spool_error error;

	(void)state;
	write_journal();
	append_bytes("E {\"broken\n", 11);
	append_bytes("A []\n", 5);
	assert_int_equal(spool_open(&spool, directory, ATTEMPT, &error), -1);
	assert_non_null(strstr(error.text, "the journal is damaged at byte "));
}

static void a_second_agent_is_kept_out(void **state)
{
	struct spool first, second;
	struct spool_error error;

	(void)state;
	open_spool(&first);
	assert_int_equal(spool_open(&second, directory, ATTEMPT, &error), -1);
	assert_non_null(strstr(error.text, "is in use by another agent"));
	spool_close(&first);
}

static void an_impossible_directory_is_an_error(void **state)
{
	struct spool spool;
	struct spool_error error;

	(void)state;
	assert_int_equal(spool_open(&spool, "/proc/nowhere/spool", ATTEMPT, &error), -1);
	assert_string_equal(error.text,
			    "cannot make /proc/nowhere/spool: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_spool_is_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(everything_is_found_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failed_phase_is_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_end_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_end_of_zeros_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_in_the_middle_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_agent_is_kept_out, set_up, tear_down),
		cmocka_unit_test(an_impossible_directory_is_an_error),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
