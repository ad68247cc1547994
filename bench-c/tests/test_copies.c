// SPDX-License-Identifier: GPL-2.0-or-later
/* Several copies of a benchmark at once: real processes and threads, real time. */
#include "fake.h"

#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES_MAX = 20, COPIES = 3 };

struct data {
	uint64_t calls;
	pid_t home; /* the process that setup ran in */
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->home = getpid();
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++)
		data->calls += syscall(SYS_getpid) == data->home;
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->calls;
}

static struct bench called(void)
{
	return (struct bench){
		.name = "called",
		.timeout_s = 5,
		.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
		.data_size = sizeof(struct data),
		.setup = setup,
		.run = run,
		.work = work,
	};
}

static struct result *run_copies(const struct bench *bench, bool threads)
{
	struct options options = {.clock = clock_monotonic(),
				  .plan = {.target_relative = 0.005,
					   .confidence = 0.95,
					   .samples_min = 5,
					   .samples_max = SAMPLES_MAX,
					   .budget_ns = 50e6}};
	struct spec spec = spec_default(bench, PLACEMENT_FREE);

	spec.copies = COPIES;
	spec.threads = threads;
	options.clock.resolution_ns = 50;
	options.clock.cycle_ns = 0.1;
	assert_int_equal(sched_getaffinity(0, sizeof(options.allowed), &options.allowed), 0);
	struct result *result = result_new(&spec, SAMPLES_MAX);
	assert_non_null(result);
	(void)session_run_isolated(result, &options);
	return result;
}

static void assert_no_child_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void all_copies_do_their_share(void **state)
{
	struct bench bench = called();

	(void)state;
	for (int threads = 0; threads < 2; threads++) {
		struct result *result = run_copies(&bench, threads == 1);
		if (result->status != STATUS_DONE)
			fail_msg("%s", result->reason);
		assert_true(result->metrics[0].sampling.count >= 1);
		assert_true(result->metrics[0].stats.min > 0);
		result_free(result);
		assert_no_child_left();
	}
}

static int skip_it(struct bench_state *state)
{
	return bench_skip(state, "no such thing here");
}

static void copies_may_skip(void **state)
{
	struct bench bench = called();

	(void)state;
	bench.setup = skip_it;
	for (int threads = 0; threads < 2; threads++) {
		struct result *result = run_copies(&bench, threads == 1);
		assert_int_equal(result->status, STATUS_SKIP);
		assert_string_equal(result->reason, "no such thing here");
		result_free(result);
		assert_no_child_left();
	}
}

static int fail_it(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	return bench_fail(state, "the disk is on fire");
}

static uint64_t too_little_work(struct bench_state *state)
{
	return work(state) - 1;
}

static int die(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	(void)raise(SIGKILL);
	return BENCH_OK;
}

static void assert_copies_fail(const struct bench *bench, bool threads, const char *words)
{
	struct result *result = run_copies(bench, threads);

	assert_int_equal(result->status, STATUS_ERROR);
	assert_int_equal(result->metric_count, 0);
	if (strstr(result->reason, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", result->reason, words);
	result_free(result);
	assert_no_child_left();
}

static void a_copy_that_fails_fails_all(void **state)
{
	struct bench failing = called();
	struct bench lying = called();

	(void)state;
	failing.run = fail_it;
	lying.work = too_little_work;
	for (int threads = 0; threads < 2; threads++) {
		assert_copies_fail(&failing, threads == 1, "the disk is on fire");
		assert_copies_fail(&lying, threads == 1, "work proof failed");
	}
}

/* Found by looking, long before the deadline. */
static void a_copy_that_dies_is_noticed(void **state)
{
	struct bench bench = called();

	(void)state;
	bench.run = die;
	assert_copies_fail(&bench, false, "ended early");
	assert_copies_fail(&bench, true, "killed by signal 9");
}

static _Atomic int *prepared; /* copies, shared by all */

static int one_dies(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	if (atomic_fetch_add(prepared, 1) == 0)
		(void)raise(SIGKILL);
	return BENCH_OK;
}

/* The others are at the gate then, where it will never come. */
static void nobody_waits_for_a_dead_copy(void **state)
{
	struct bench bench = called();

	(void)state;
	prepared = mmap(NULL, sizeof(*prepared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_ptr_not_equal(prepared, MAP_FAILED);
	bench.prepare = one_dies;
	assert_copies_fail(&bench, false, "ended early");
	(void)munmap(prepared, sizeof(*prepared));
}

static int run_and_tell(struct bench_state *state, uint64_t iterations)
{
	bench_took_ns(state, 7.0 * (double)iterations);
	return run(state, iterations);
}

static void copies_may_tell_the_time_themselves(void **state)
{
	struct bench bench = called();

	(void)state;
	bench.run = run_and_tell;
	struct result *result = run_copies(&bench, false);
	assert_int_equal(result->status, STATUS_DONE);
	assert_double_equal(result->metrics[0].stats.median, 7, 1e-9);
	result_free(result);
}

static void rates_are_of_all_copies_together(void **state)
{
	struct bench bench = called();

	(void)state;
	bench.run = run_and_tell;
	bench.figure = BENCH_RATE;
	struct result *result = run_copies(&bench, true);
	assert_int_equal(result->status, STATUS_DONE);
	assert_double_equal(result->metrics[0].stats.median, COPIES * 1e9 / 7, 1);
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_copies_do_their_share),
		cmocka_unit_test(copies_may_skip),
		cmocka_unit_test(a_copy_that_fails_fails_all),
		cmocka_unit_test(a_copy_that_dies_is_noticed),
		cmocka_unit_test(nobody_waits_for_a_dead_copy),
		cmocka_unit_test(copies_may_tell_the_time_themselves),
		cmocka_unit_test(rates_are_of_all_copies_together),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
