// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake.h"

#include "levels.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 128 };

/* What the kernel would say about one cache: level, type, size, line, CPUs. */
static const char *const files[] = {"level", "type", "size", "coherency_line_size",
				    "shared_cpu_list"};
enum { FILES = 5 };
static const char *const indices[][FILES] = {
	{"1\n", "Data\n", "48K\n", "64\n", "0\n"},
	{"1\n", "Instruction\n", "32K\n", "64\n", "0\n"},
	{"3\n", "Unified\n", "32768K\n", "64\n", "0-7\n"},
	{"2\n", "Unified\n", "2M\n", "64\n", "0\n"},
};
enum { INDICES = 4 };

static void write_file(const char *directory, size_t index, size_t file)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "%s/cache/index%zu/%s", directory, index, files[file]);
	FILE *stream = fopen(path, "w");
	assert_non_null(stream);
	assert_true(fputs(indices[index][file], stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static void make_cpu(char *directory)
{
	char path[PATH_ROOM];

	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/cache", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < INDICES; i++) {
		(void)snprintf(path, sizeof(path), "%s/cache/index%zu", directory, i);
		assert_int_equal(mkdir(path, 0700), 0);
		for (size_t j = 0; j < FILES; j++)
			write_file(directory, i, j);
	}
}

static void remove_cpu(const char *directory)
{
	char path[PATH_ROOM];

	for (size_t i = 0; i < INDICES; i++) {
		for (size_t j = 0; j < FILES; j++) {
			(void)snprintf(path, sizeof(path), "%s/cache/index%zu/%s", directory, i,
				       files[j]);
			assert_int_equal(unlink(path), 0);
		}
		(void)snprintf(path, sizeof(path), "%s/cache/index%zu", directory, i);
		assert_int_equal(rmdir(path), 0);
	}
	(void)snprintf(path, sizeof(path), "%s/cache", directory);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void reads_data_caches_in_order(void **state)
{
	char directory[] = "/tmp/kbench-levels-XXXXXX";
	struct levels_cache caches[LEVELS_CACHES_MAX];

	(void)state;
	make_cpu(directory);
	assert_int_equal(levels_read_said(directory, caches), 3);
	remove_cpu(directory);
	assert_int_equal(caches[0].said_size_bytes, 48 << 10);
	assert_int_equal(caches[1].said_size_bytes, 2 << 20);
	assert_int_equal(caches[2].said_size_bytes, 32 << 20);
	assert_int_equal(caches[2].said_line_bytes, 64);
	assert_string_equal(caches[2].shared_cpus, "0-7");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(caches[i].level, i + 1);
}

static void a_kernel_that_says_nothing_is_no_error(void **state)
{
	struct levels_cache caches[LEVELS_CACHES_MAX];

	(void)state;
	assert_int_equal(levels_read_said("/nowhere", caches), 0);
}

static void sizes_agree_within_half(void **state)
{
	(void)state;
	assert_true(levels_agree(34 << 10, 32 << 10));
	assert_true(levels_agree(400 << 10, 512 << 10));
	assert_false(levels_agree(5 << 20, 32 << 20));
	assert_false(levels_agree(48 << 20, 32 << 20));
	assert_false(levels_agree(0, 32 << 10));
	assert_false(levels_agree(32 << 10, 0));
}

static char *printed(void (*print)(FILE *out, const struct levels *levels),
		     const struct levels *levels)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out, levels);
	assert_int_equal(fclose(out), 0);
	return text;
}

static struct levels example(void)
{
	return (struct levels){
		.caches = {{.level = 1,
			    .latency_ns = 1.2,
			    .size_bytes = 33 << 10,
			    .said_size_bytes = 32 << 10,
			    .said_line_bytes = 64,
			    .shared_cpus = "0"},
			   {.level = 2, .said_size_bytes = 1 << 20, .shared_cpus = "0"},
			   {.level = 3,
			    .latency_ns = 16,
			    .size_bytes = 5 << 20,
			    .said_size_bytes = 32 << 20,
			    .shared_cpus = "0-1"}},
		.cache_count = 3,
		.memory_latency_ns = 128,
		.line_bytes = 64,
		.tlb_pages = {64},
		.tlb_count = 1,
		.page_bytes = 4096,
		.curve = {{4096, 1.2}, {65536, 16}, {1 << 27, 128}},
		.curve_count = 3,
	};
}

static void tells_people_where_measured_and_said_differ(void **state)
{
	const struct levels levels = example();

	(void)state;
	char *text = printed(levels_print_text, &levels);
	assert_non_null(strstr(text, "33 KiB         32 KiB  agrees"));
	assert_non_null(strstr(text, "not found"));
	assert_non_null(strstr(text, "5 MiB         32 MiB  differs"));
	assert_non_null(strstr(text, "TLB 1    reaches 64 pages, 256 KiB"));
	assert_non_null(strstr(text, "128 MiB   128.00  ####"));
	free(text);
}

static void leaves_the_unknown_out_of_the_document(void **state)
{
	const struct levels levels = example();

	(void)state;
	char *text = printed(levels_print_json, &levels);
	json_t *document = json_loads(text, 0, NULL);
	assert_non_null(document);
	const json_t *caches = json_object_get(document, "caches");
	assert_int_equal(json_array_size(caches), 3);
	assert_null(json_object_get(json_array_get(caches, 1), "size_bytes"));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(caches, 2), "size_verdict")),
		"differs");
	assert_int_equal(json_array_size(json_object_get(document, "curve")), 3);
	assert_null(json_object_get(document, "tlb_miss_ns"));
	json_decref(document);
	free(text);
}

static void nothing_at_all_can_be_printed(void **state)
{
	const struct levels levels = {.page_bytes = 4096};

	(void)state;
	char *text = printed(levels_print_text, &levels);
	assert_non_null(strstr(text, "memory"));
	free(text);
	text = printed(levels_print_json, &levels);
	json_t *document = json_loads(text, 0, NULL);
	assert_non_null(document);
	json_decref(document);
	free(text);
}

/* The tests' program has no benchmarks. */
static void without_the_benchmarks_there_is_a_reason(void **state)
{
	static struct levels levels;
	struct fake_time time = {.cost_ns = 1};
	struct options options = {.clock = fake_clock(&time)};

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(options.allowed), &options.allowed), 0);
	assert_int_equal(levels_measure(&levels, &options, 1), -1);
	assert_non_null(strstr(levels.reason, "no benchmark lat_mem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_data_caches_in_order),
		cmocka_unit_test(a_kernel_that_says_nothing_is_no_error),
		cmocka_unit_test(sizes_agree_within_half),
		cmocka_unit_test(tells_people_where_measured_and_said_differ),
		cmocka_unit_test(leaves_the_unknown_out_of_the_document),
		cmocka_unit_test(nothing_at_all_can_be_printed),
		cmocka_unit_test(without_the_benchmarks_there_is_a_reason),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
