// SPDX-License-Identifier: GPL-2.0-or-later
/* What remains of a run that is interrupted or was killed: no file, no process, no descriptor. */
#include "fake_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128 };

static char place[] = "/tmp/kbench-test-XXXXXX";
static char *seen_directory; /* shared with the benchmark's process */

static int make_file(struct bench_state *state)
{
	const char *directory = bench_directory(state);
	char path[PATH_SIZE + 8];

	if (directory == NULL)
		return BENCH_ERROR;
	(void)snprintf(seen_directory, PATH_SIZE, "%s", directory);
	(void)snprintf(path, sizeof(path), "%.120s/file", directory);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	return fd < 0 || close(fd) != 0 ? BENCH_ERROR : BENCH_OK;
}

static int interrupt_and_hang(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	(void)kill(getppid(), SIGTERM);
	for (;;)
		(void)pause();
	return BENCH_OK;
}

static struct result *run_apart(int (*run)(struct bench_state *, uint64_t))
{
	static struct bench bench;
	struct options options = fake_options();

	bench = well_behaved();
	bench.timeout_s = 30;
	bench.setup = make_file;
	bench.run = run;
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);
	assert_non_null(result);
	(void)session_run_isolated(result, &options);
	return result;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void make_old_directory(const char *name, char path[PATH_SIZE])
{
	const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	(void)snprintf(path, PATH_SIZE, "%s/%s", place, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static void forgotten_directories_are_removed_and_others_stay(void **state)
{
	char forgotten[PATH_SIZE];
	char in_use[PATH_SIZE];
	char foreign[PATH_SIZE];

	(void)state;
	make_old_directory("kbench-run-abcdef", forgotten);
	make_old_directory("kbench-run-ghijkl", in_use);
	make_old_directory("kbench-mine", foreign);
	int fd = open(in_use, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	struct result *result = run_apart(run_well);
	assert_int_equal(result->status, STATUS_DONE);
	assert_false(exists(forgotten));
	assert_true(exists(in_use));
	assert_true(exists(foreign));
	assert_false(exists(seen_directory));
	result_free(result);
	(void)close(fd);
	assert_int_equal(rmdir(in_use), 0);
	assert_int_equal(rmdir(foreign), 0);
}

static void a_lent_result_comes_back_as_it_was_left(void **state)
{
	struct bench bench = well_behaved();
	struct spec spec = spec_default(&bench, PLACEMENT_FREE);
	struct result *result = result_new(&spec, SAMPLES_MAX);

	(void)state;
	int fd = result_lend(result);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	struct result *lent =
		mmap(NULL, result->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(lent, MAP_FAILED);
	lent->round_count = 3;
	lent->spec.bench = NULL;
	assert_int_equal(munmap(lent, result->shared_size), 0);
	assert_int_equal(result_take_back(result, fd), 0);
	assert_int_equal(result->round_count, 3);
	assert_ptr_equal(result->spec.bench, &bench);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	result_free(result);
}

/* The last one: nothing runs after it. */
static void a_signal_ends_the_run_with_its_files(void **state)
{
	(void)state;
	struct result *result = run_apart(interrupt_and_hang);
	assert_int_equal(result->status, STATUS_SKIP);
	assert_string_equal(result->reason, "interrupted by signal 15");
	assert_int_equal(session_interrupted(), SIGTERM);
	assert_false(exists(seen_directory));
	result_free(result);
	result = run_apart(run_well);
	assert_int_equal(result->status, STATUS_SKIP);
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgotten_directories_are_removed_and_others_stay),
		cmocka_unit_test(a_lent_result_comes_back_as_it_was_left),
		cmocka_unit_test(a_signal_ends_the_run_with_its_files),
	};
	seen_directory =
		mmap(NULL, PATH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen_directory == MAP_FAILED || mkdtemp(place) == NULL ||
	    setenv("TMPDIR", place, 1) != 0)
		return 1;
	int failed = cmocka_run_group_tests_name("leftovers", tests, NULL, NULL);
	(void)rmdir(place);
	return failed;
}
