/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way over HTTP onto a disk that is a file, with a server that behaves and one that does
 * not. */
#include "clock.h"
#include "image.h"
#include "reimage.h"
#include "report.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { DISK_BYTES = IMAGE_BYTES + 64 * 1024 };

struct scene {
	struct server server;
	uint8_t content[IMAGE_BYTES];
	char *manifest_text;
	char disk_path[64];
	struct http_client http;
	struct report report;
	struct reimage_result result;
	struct error error;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	image_fill(scene->content);
	scene->manifest_text = image_manifest(scene->content);
	scene->server.manifest = scene->manifest_text;
	scene->server.content = scene->content;
	strcpy(scene->disk_path, "build/tests/disk-XXXXXX");

	int fd = mkstemp(scene->disk_path);

	if (fd < 0 || ftruncate(fd, DISK_BYTES) < 0)
		return -1;
	close(fd);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	unlink(scene->disk_path);
	free(scene->manifest_text);
	free(scene);
	return 0;
}

static void fill_disk(const struct scene *scene, const void *data, size_t bytes)
{
	FILE *disk = fopen(scene->disk_path, "r+e");

	assert_int_equal(fwrite(data, 1, bytes, disk), bytes);
	fclose(disk);
}

static void assert_disk_is_the_image(const struct scene *scene)
{
	uint8_t found[IMAGE_BYTES];
	FILE *disk = fopen(scene->disk_path, "re");

	assert_int_equal(fread(found, 1, sizeof(found), disk), sizeof(found));
	fclose(disk);
	assert_memory_equal(found, scene->content, sizeof(found));
}

/* Manifest, disk, report, as main() does it. */
static int carry_out(struct scene *scene, bool *reboot)
{
	struct manifest manifest;
	struct disk disk;
	int status = reimage_fetch_manifest(&scene->http, "test-1", &manifest, &scene->error);

	if (status < 0)
		return -1;
	status = disk_open(scene->disk_path, &disk, &scene->error);
	if (status == 0) {
		status = reimage_disk(&manifest, &disk, &scene->http, &scene->report,
				      &scene->result, &scene->error);
		disk_close(&disk);
	}
	if (status == 0)
		status = report_verified(&scene->report, scene->result.root_hex,
					 scene->result.rewritten_chunks, manifest.size_bytes,
					 reboot, &scene->error);
	manifest_free(&manifest);
	return status;
}

static int run(struct scene *scene)
{
	bool reboot = false;

	server_start(&scene->server);
	http_init(&scene->http, &scene->server.address, "127.0.0.1", "secret-1");
	scene->http.io_timeout_ms = 300;
	scene->http.request_timeout_ms = 2000;
	scene->http.tries = 3;
	scene->http.first_pause_ms = 1;
	scene->report = (struct report){
		.http = &scene->http, .attempt_id = 7, .last_progress_ms = clock_ms()};

	int status = carry_out(scene, &reboot);

	http_close(&scene->http);
	server_stop(&scene->server);
	if (status == 0)
		assert_true(reboot);
	return status;
}

static void test_a_blank_disk_is_written(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(run(scene), 0);
	assert_disk_is_the_image(scene);
	assert_int_equal(scene->result.rewritten_chunks,
			 4); /* two of the six are zero, as the disk was */
	assert_int_equal(scene->server.connections, 1);
	assert_string_equal(scene->server.authorization, "Authorization: Bearer secret-1");
	assert_non_null(strstr(scene->manifest_text, scene->result.root_hex));
	assert_non_null(strstr(scene->server.events[scene->server.event_count - 1],
			       "\"rewritten_chunks\":4"));
}

static void test_a_right_disk_is_left_alone(void **state)
{
	struct scene *scene = *state;

	fill_disk(scene, scene->content, IMAGE_BYTES);
	assert_int_equal(run(scene), 0);
	assert_disk_is_the_image(scene);
	assert_int_equal(scene->result.rewritten_chunks, 0);
	assert_int_equal(scene->server.requests, 2); /* the manifest and the report */
}

static void test_one_changed_byte_is_found(void **state)
{
	struct scene *scene = *state;
	uint8_t dirty[IMAGE_BYTES];

	memcpy(dirty, scene->content, sizeof(dirty));
	dirty[3 * IMAGE_CHUNK_BYTES + 77] ^= 1; /* in data */
	dirty[4 * IMAGE_CHUNK_BYTES + 5] = 9;	/* in zeroes */
	fill_disk(scene, dirty, sizeof(dirty));
	assert_int_equal(run(scene), 0);
	assert_disk_is_the_image(scene);
	assert_int_equal(scene->result.rewritten_chunks, 2);
}

static void test_a_server_that_closes_each_connection_is_fine(void **state)
{
	struct scene *scene = *state;

	scene->server.close_each = true;
	assert_int_equal(run(scene), 0);
	assert_disk_is_the_image(scene);
	assert_int_equal(scene->server.connections, scene->server.requests);
}

static void test_two_faults_are_survived(void **state)
{
	static const enum fault faults[] = {FAULT_STATUS_503, FAULT_HANG_UP, FAULT_CUT_BODY,
					    FAULT_TOO_LONG,   FAULT_CHUNKED, FAULT_NOISE};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		scene->server.fault = faults[i];
		scene->server.faulty_requests = 2;
		scene->server.requests = 0;
		assert_int_equal(run(scene), 0);
		assert_disk_is_the_image(scene);
	}
}

static void test_a_lasting_fault_fails_in_time(void **state)
{
	static const struct {
		enum fault fault;
		const char *reason;
	} cases[] = {
		{FAULT_STATUS_503, "503"},
		{FAULT_HANG_UP, "closed"},
		{FAULT_SILENCE, "nothing from the server"},
		{FAULT_TOO_LONG, "at most"},
		{FAULT_CHUNKED, "Transfer-Encoding"},
		{FAULT_NOISE, "not HTTP/1.1"},
		{FAULT_ENDLESS_HEAD, "head is over"},
		{FAULT_WRONG_BYTES, "manifest"},
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		scene->server.fault = cases[i].fault;
		scene->server.faulty_requests = 100;
		scene->server.requests = 0;

		int64_t started_ms = clock_ms();

		assert_int_equal(run(scene), -1);
		assert_in_range(clock_ms() - started_ms, 0, 6000);
		if (strstr(scene->error.message, cases[i].reason) == NULL)
			fail_msg("case %zu: %s", i, scene->error.message);
	}
}

/* The manifest is right, the chunks are not: nothing of them may reach the disk as if it were
 * verified. */
static void test_wrong_chunks_are_refused(void **state)
{
	struct scene *scene = *state;
	uint8_t other[IMAGE_BYTES];

	memset(other, 'x', sizeof(other));
	scene->server.content = other;
	assert_int_equal(run(scene), -1);
	assert_string_equal(scene->error.message,
			    "chunk 0: the server sends something else than its manifest says");
	for (int i = 0; i < scene->server.event_count; i++)
		assert_null(strstr(scene->server.events[i], "verified"));
}

static void test_a_small_disk_is_refused(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(truncate(scene->disk_path, IMAGE_BYTES - 4096), 0);
	assert_int_equal(run(scene), -1);
	assert_non_null(strstr(scene->error.message, "the image has 86016"));
}

static void test_another_image_is_refused(void **state)
{
	struct scene *scene = *state;

	memcpy(strstr(scene->manifest_text, "test-1"), "test-2", 6);
	assert_int_equal(run(scene), -1);
	assert_string_equal(scene->error.message, "manifest: image test-2 instead of test-1");
}

static void test_texts_become_json(void **state)
{
	char json[32];

	(void)state;
	report_quote("a\"b\\c\nd", json, sizeof(json));
	assert_string_equal(json, "\"a\\\"b\\\\c\\u000ad\"");
	report_quote("a text that is much longer than the room that there is", json, sizeof(json));
	assert_true(strlen(json) < sizeof(json) && json[strlen(json) - 1] == '"');
}

static void test_only_reboot_means_reboot(void **state)
{
	(void)state;
	assert_true(report_says_reboot("{\"next\":\"reboot\"}"));
	assert_true(report_says_reboot("{ \"next\" : \"reboot\" }"));
	assert_false(report_says_reboot("{\"next\":\"continue\"}"));
	assert_false(report_says_reboot("{\"next\":\"reboot-never\"}"));
	assert_false(report_says_reboot("{\"detail\":\"reboot\"}"));
	assert_false(report_says_reboot(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_blank_disk_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_right_disk_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_changed_byte_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_server_that_closes_each_connection_is_fine,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_faults_are_survived, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_lasting_fault_fails_in_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_chunks_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_small_disk_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_image_is_refused, set_up, tear_down),
		cmocka_unit_test(test_texts_become_json),
		cmocka_unit_test(test_only_reboot_means_reboot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
