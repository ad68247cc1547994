// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a clock: a pair of readings of a CPU's counter around nothing, or one call of
 * clock_gettime().
 * Why: what a measurement adds to what it measures. Trace points, schedulers and databases
 * read clocks more often than they do anything else.
 * Source: the measurement overhead of system measurement reports, which bracket the operation
 * by CPUID, RDTSC, RDTSCP, CPUID; clock_gettime(2), vdso(7).
 */
#include "bench_entry.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

typedef uint64_t loop_fn(clockid_t clock, uint64_t readings);

struct data {
	struct bench_calls calls;
	loop_fn *loop;
	clockid_t clock;
};

/* In the order of the parameter's words. */
enum source { CALL, CALL_RAW, CALL_COARSE, CALL_SYSCALL, RDTSC_CPUID, RDTSCP_LFENCE, CNTVCT };

static const char *const sources[] = {"clock_gettime",
				      "clock_gettime_raw",
				      "clock_gettime_coarse",
				      "clock_gettime_syscall",
				      "rdtsc_cpuid",
				      "rdtscp_lfence",
				      "cntvct",
				      NULL};

static uint64_t loop_call(clockid_t clock, uint64_t readings)
{
	struct timespec now;
	uint64_t right = 0;

	for (uint64_t i = 0; i < readings; i++)
		right += clock_gettime(clock, &now) == 0;
	return right;
}

static uint64_t loop_syscall(clockid_t clock, uint64_t readings)
{
	struct timespec now;
	uint64_t right = 0;

	for (uint64_t i = 0; i < readings; i++)
		right += syscall(SYS_clock_gettime, clock, &now) == 0;
	return right;
}

#if defined(__x86_64__)
static uint64_t loop_rdtsc_cpuid(clockid_t clock, uint64_t readings)
{
	uint64_t right = 0;

	(void)clock;
	for (uint64_t i = 0; i < readings; i++) {
		uint64_t begin_low, begin_high, end_low, end_high;
		__asm__ volatile("cpuid\n\trdtsc"
				 : "=a"(begin_low), "=d"(begin_high)
				 : "0"(0)
				 : "rbx", "rcx", "memory");
		__asm__ volatile("rdtscp\n\tmov %%rax, %0\n\tmov %%rdx, %1\n\txor %%eax, %%eax\n\t"
				 "cpuid"
				 : "=r"(end_low), "=r"(end_high)
				 :
				 : "rax", "rbx", "rcx", "rdx", "memory");
		right += (end_high << 32 | end_low) >= (begin_high << 32 | begin_low);
	}
	return right;
}

static uint64_t loop_rdtscp_lfence(clockid_t clock, uint64_t readings)
{
	uint64_t right = 0;

	(void)clock;
	for (uint64_t i = 0; i < readings; i++) {
		uint64_t begin_low, begin_high, end_low, end_high;
		__asm__ volatile("lfence\n\trdtsc\n\tlfence"
				 : "=a"(begin_low), "=d"(begin_high)
				 :
				 : "memory");
		__asm__ volatile("rdtscp\n\tlfence"
				 : "=a"(end_low), "=d"(end_high)
				 :
				 : "rcx", "memory");
		right += (end_high << 32 | end_low) >= (begin_high << 32 | begin_low);
	}
	return right;
}

static loop_fn *loop_of(enum source source)
{
	return source == RDTSC_CPUID	 ? loop_rdtsc_cpuid
	       : source == RDTSCP_LFENCE ? loop_rdtscp_lfence
					 : NULL;
}

static const char *what_is_missing(enum source source)
{
	enum { EXTENDED_FEATURES = 0x80000001, RDTSCP_BIT = 27 };
	unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

	if (source == CNTVCT)
		return "an arm64 CPU, for its counter cntvct_el0";
	if (__get_cpuid(EXTENDED_FEATURES, &eax, &ebx, &ecx, &edx) == 0 ||
	    (edx >> RDTSCP_BIT & 1) == 0)
		return "a CPU with the instruction RDTSCP";
	return NULL;
}
#elif defined(__aarch64__)
static uint64_t loop_cntvct(clockid_t clock, uint64_t readings)
{
	uint64_t right = 0;

	(void)clock;
	for (uint64_t i = 0; i < readings; i++) {
		uint64_t begin, end;
		__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(begin) : : "memory");
		__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(end) : : "memory");
		right += end >= begin;
	}
	return right;
}

static loop_fn *loop_of(enum source source)
{
	return source == CNTVCT ? loop_cntvct : NULL;
}

static const char *what_is_missing(enum source source)
{
	return source == CNTVCT ? NULL : "an x86-64 CPU, for its counter TSC";
}
#endif

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	enum source source = (enum source)bench_value(state, "source");
	struct timespec now;

	data->clock = source == CALL_RAW      ? CLOCK_MONOTONIC_RAW
		      : source == CALL_COARSE ? CLOCK_MONOTONIC_COARSE
					      : CLOCK_MONOTONIC;
	if (source == CALL || source == CALL_RAW || source == CALL_COARSE) {
		data->loop = loop_call;
	} else if (source == CALL_SYSCALL) {
		data->loop = loop_syscall;
	} else {
		const char *missing = what_is_missing(source);
		if (missing != NULL)
			return bench_skip(state, "needs %s", missing);
		data->loop = loop_of(source);
	}
	if (clock_gettime(data->clock, &now) != 0)
		return bench_skip(state, "needs a kernel with this clock: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	uint64_t right = data->loop(data->clock, iterations);
	data->calls.answered += right;
	return right == iterations ? BENCH_OK : bench_fail(state, "a reading failed or ran back");
}

static const struct bench_parameter parameters[] = {
	{.name = "source", .about = "the clock and the way to it", .words = sources}, {0}};

static const struct bench lat_clock = {
	.name = "lat_clock",
	.summary = "read a clock: what a measurement adds",
	.doc = "Times how long it takes to ask for the time. With source=clock_gettime (monotonic),\n"
	       "clock_gettime_raw and clock_gettime_coarse one operation is one call, which the vDSO\n"
	       "answers without entering the kernel if the clock source allows it (host.clocksource\n"
	       "in the document: with hpet or acpi_pm it does not); clock_gettime_syscall forces the\n"
	       "system call. With rdtsc_cpuid, rdtscp_lfence (x86-64) and cntvct (arm64) one\n"
	       "operation is a serialised PAIR of readings with nothing between, the whole cost of\n"
	       "bracketing something: CPUID RDTSC, RDTSCP CPUID; or LFENCE RDTSC LFENCE, RDTSCP\n"
	       "LFENCE; or ISB MRS ISB twice. A virtual machine exits to its host at each CPUID,\n"
	       "two for an operation: a hundred times what real hardware takes. What the bracket itself\n"
	       "would show as the time between its readings is less. Work proof: each call succeeds,\n"
	       "or the second of a pair is not before the first. Idea: measurement overhead of\n"
	       "system measurement reports.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_clock);
