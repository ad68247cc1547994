// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a function that the kernel maps into the process to answer without a system call, or the
 * same system call forced.
 * Why: the vDSO exists for these calls alone; what it saves is the distance between the two, and
 * a clock source or a virtual machine that makes it fall back loses all of that.
 * Source: vdso(7); the gettimeofday of many programs and reports.
 */
#include "bench_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int gettimeofday_fn(struct timeval *now, struct timezone *zone);
typedef int getcpu_fn(unsigned *cpu, unsigned *node, void *unused);
typedef time_t time_fn(time_t *now);

struct data {
	struct bench_calls calls;
	void *function; /* of the vDSO */
	uint64_t (*loop)(const struct data *data, uint64_t iterations);
};

static const char *const calls[] = {"gettimeofday", "getcpu", "time", NULL};
static const char *const entries[] = {"vdso", "kernel", NULL};

static uint64_t vdso_gettimeofday(const struct data *data, uint64_t iterations)
{
	gettimeofday_fn *const function = (gettimeofday_fn *)data->function;
	struct timeval now;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += function(&now, NULL) == 0;
	return right;
}

static uint64_t kernel_gettimeofday(const struct data *data, uint64_t iterations)
{
	struct timeval now;
	uint64_t right = 0;

	(void)data;
	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_gettimeofday, &now, NULL) == 0;
	return right;
}

static uint64_t vdso_getcpu(const struct data *data, uint64_t iterations)
{
	getcpu_fn *const function = (getcpu_fn *)data->function;
	unsigned cpu;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += function(&cpu, NULL, NULL) == 0;
	return right;
}

static uint64_t kernel_getcpu(const struct data *data, uint64_t iterations)
{
	unsigned cpu;
	uint64_t right = 0;

	(void)data;
	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_getcpu, &cpu, NULL, NULL) == 0;
	return right;
}

static uint64_t vdso_time(const struct data *data, uint64_t iterations)
{
	time_fn *const function = (time_fn *)data->function;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += function(NULL) > 0;
	return right;
}

#ifdef SYS_time
static uint64_t kernel_time(const struct data *data, uint64_t iterations)
{
	uint64_t right = 0;

	(void)data;
	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_time, NULL) > 0;
	return right;
}
#else
#define kernel_time NULL
#endif

#if defined(__x86_64__)
#define VDSO_NAME(name) "__vdso_" name
#else
#define VDSO_NAME(name) "__kernel_" name
#endif

static int setup(struct bench_state *state)
{
	static const struct {
		const char *name;
		uint64_t (*vdso)(const struct data *data, uint64_t iterations);
		uint64_t (*kernel)(const struct data *data, uint64_t iterations);
	} ways[] = {
		{VDSO_NAME("gettimeofday"), vdso_gettimeofday, kernel_gettimeofday},
		{VDSO_NAME("getcpu"), vdso_getcpu, kernel_getcpu},
		{VDSO_NAME("time"), vdso_time, kernel_time},
	};
	struct data *data = bench_data(state);
	int64_t call = bench_value(state, "call");

	if (bench_value(state, "entry") == 1) {
		data->loop = ways[call].kernel;
		return data->loop != NULL
			       ? BENCH_OK
			       : bench_skip(state, "needs a machine with this system call");
	}
	data->loop = ways[call].vdso;
	data->function = bench_vdso(ways[call].name);
	if (data->function == NULL)
		return bench_skip(state, "needs a kernel whose vDSO has %s", ways[call].name);
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	uint64_t right = data->loop(data, iterations);
	data->calls.answered += right;
	return right == iterations
		       ? BENCH_OK
		       : bench_fail(state, "%" PRIu64 " calls failed", iterations - right);
}

static const struct bench_parameter parameters[] = {
	{.name = "call", .about = "the question", .words = calls},
	{.name = "entry", .about = "who answers", .words = entries},
	{0},
};

static const struct bench lat_vdso = {
	.name = "lat_vdso",
	.summary = "a call that the vDSO answers, or the kernel",
	.doc = "Times gettimeofday(), getcpu() (the CPU only) or time(): with entry=vdso the function that the\n"
	       "kernel maps into each process, called directly, with no libc between; with entry=kernel the\n"
	       "system call of that name by syscall(). gettimeofday() reads the clock source, time() reads a\n"
	       "word of memory, getcpu() reads a register or a segment limit. Where clock_gettime() is meant\n"
	       "see lat_clock. arm64 has neither getcpu nor time in its vDSO, and no system call time: these\n"
	       "are skipped. Work proof: each call succeeds (time: gives a time).\n"
	       "Idea: what the vDSO saves; static programs may not use it for all three.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_vdso);
