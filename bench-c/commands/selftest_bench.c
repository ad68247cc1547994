// SPDX-License-Identifier: GPL-2.0-or-later
/* Benchmarks that misbehave, or whose cost is known, on purpose: kbench selftest runs them. */
#include "selftest.h"

#include "state.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BASE_BLOCKS = 4, RAMP_BLOCKS = 100 };

struct data {
	uint64_t done;
	uint64_t value;	 /* the chain's end, from where the next call goes on */
	uint64_t blocks; /* of one operation */
	uint64_t calls;
};

/* Each xor waits for the one before and none can be folded: one cycle each on all cores. */
static uint64_t chain(uint64_t value, uint64_t blocks)
{
	uint64_t mask = 2;

	for (uint64_t i = 0; i < blocks; i++) {
#pragma GCC unroll 16
		for (unsigned j = 0; j < SELFTEST_BLOCK_CYCLES; j++) {
			__asm__ volatile("" : "+r"(value), "+r"(mask));
			value ^= mask;
		}
	}
	return value;
}

static int run_chain(struct bench_state *state, uint64_t iterations, uint64_t blocks)
{
	struct data *data = bench_data(state);
	uint64_t value = data->value;

	for (uint64_t i = 0; i < iterations; i++)
		value = chain(value, blocks);
	data->value = value;
	data->done += iterations;
	return BENCH_OK;
}

static uint64_t right_work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->done;
}

uint64_t selftest_blocks(int64_t delay_ns, double cycle_ns)
{
	double blocks = (double)delay_ns / (SELFTEST_BLOCK_CYCLES * cycle_ns);

	return (uint64_t)fmax(1, round(blocks));
}

static int setup_delay(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->blocks = selftest_blocks(bench_value(state, "delay_ns"),
				       state->result->options.clock.cycle_ns);
	return BENCH_OK;
}

static int run_delay(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return run_chain(state, iterations, BASE_BLOCKS + data->blocks);
}

static int run_base(struct bench_state *state, uint64_t iterations)
{
	return run_chain(state, iterations, BASE_BLOCKS);
}

static const struct bench_parameter delay_parameters[] = {
	{.name = "delay_ns",
	 .about = "the cost to be found again",
	 .value = 50,
	 .min = 1,
	 .max = 1000000},
	{0},
};

static const struct bench selftest_delay = {
	.name = "selftest_delay",
	.summary = "a known number of core cycles on top of some others",
	.doc = "Times a chain of dependent instructions, and subtracts a shorter chain: what is left\n"
	       "is a number of core cycles that the self-test knows, and must be measured right.",
	.figure = BENCH_LATENCY,
	.timeout_s = 5,
	.parameters = delay_parameters,
	.hidden = true,
	.data_size = sizeof(struct data),
	.setup = setup_delay,
	.run = run_delay,
	.overhead = run_base,
	.work = right_work,
};
BENCH_REGISTER(selftest_delay);

/* Each call takes a hundredth longer than the first: as a leak or a growing list would. */
static int run_ramp(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return run_chain(state, iterations, RAMP_BLOCKS + data->calls++);
}

static const struct bench selftest_ramp = {
	.name = "selftest_ramp",
	.summary = "becomes slower with each sample",
	.doc = "Times a chain of dependent instructions that grows: the warm-up must not end.",
	.figure = BENCH_LATENCY,
	.timeout_s = 5,
	.hidden = true,
	.data_size = sizeof(struct data),
	.run = run_ramp,
	.work = right_work,
};
BENCH_REGISTER(selftest_ramp);

static int run_lie(struct bench_state *state, uint64_t iterations)
{
	return run_chain(state, iterations - iterations / 2, BASE_BLOCKS);
}

static const struct bench selftest_liar = {
	.name = "selftest_liar",
	.summary = "does half of what it is asked to do",
	.doc = "Times half of the operations asked for: the work proof must say so.",
	.figure = BENCH_LATENCY,
	.timeout_s = 5,
	.hidden = true,
	.data_size = sizeof(struct data),
	.run = run_lie,
	.work = right_work,
};
BENCH_REGISTER(selftest_liar);

static int run_for_ever(struct bench_state *state, uint64_t iterations)
{
	(void)state;
	(void)iterations;
	for (;;)
		(void)pause();
	return BENCH_OK;
}

static const struct bench selftest_hang = {
	.name = "selftest_hang",
	.summary = "never comes back",
	.doc = "Times a wait without end: the watchdog must end it.",
	.figure = BENCH_LATENCY,
	.timeout_s = SELFTEST_HANG_S,
	.hidden = true,
	.run = run_for_ever,
	.work = right_work,
};
BENCH_REGISTER(selftest_hang);

/* The signal of a bad pointer without the bad pointer, which sanitizers would report. */
static int run_into_a_wall(struct bench_state *state, uint64_t iterations)
{
	const struct rlimit no_core = {0, 0};

	(void)iterations;
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
	return bench_fail(state, "raise: %s", strerror(errno));
}

static const struct bench selftest_crash = {
	.name = "selftest_crash",
	.summary = "crashes",
	.doc = "Times a crash: it must be an error of this benchmark and of no other.",
	.figure = BENCH_LATENCY,
	.timeout_s = 5,
	.hidden = true,
	.run = run_into_a_wall,
	.work = right_work,
};
BENCH_REGISTER(selftest_crash);

/* The child dies at once, so that nobody near knows of the grandchild, which would sleep for an
 * hour. As long as it lives it keeps the pipe open. */
static int leave_an_orphan(struct bench_state *state)
{
	pid_t child = fork();

	if (child < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	if (child > 0)
		return BENCH_OK;
	pid_t grandchild = fork();
	if (grandchild == 0)
		(void)sleep(3600);
	_exit(0);
}

static const struct bench_parameter orphan_parameters[] = {
	{.name = "pipe_fd",
	 .about = "the end for writing of a pipe, kept open by the orphan",
	 .value = 2,
	 .min = 0,
	 .max = 1000000},
	{0},
};

static const struct bench selftest_orphan = {
	.name = "selftest_orphan",
	.summary = "leaves a process behind",
	.doc = "Times some cycles, after it has left behind a process that nobody waits for.",
	.figure = BENCH_LATENCY,
	.timeout_s = 5,
	.parameters = orphan_parameters,
	.hidden = true,
	.data_size = sizeof(struct data),
	.setup = leave_an_orphan,
	.run = run_base,
	.work = right_work,
};
BENCH_REGISTER(selftest_orphan);
