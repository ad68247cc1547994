// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fun_cal, fun_cal1, fun_cal2, fun_cal15: calls of a function with 0, 1, 2 and 15 arguments.
 * The functions are out of the compiler's sight (noipa), so every call is made; each adds to
 * the number that the last one left, which must come out right at the end.
 */
#include "reaim_op.h"

#include <inttypes.h>

enum { CALLS = 512000 };

static uint64_t calls_without_arguments;

static __attribute__((noipa)) void call0(void)
{
	calls_without_arguments++;
}

static __attribute__((noipa)) uint64_t call1(uint64_t a)
{
	return a + 1;
}

static __attribute__((noipa)) uint64_t call2(uint64_t a, uint64_t b)
{
	return a + b;
}

static __attribute__((noipa)) uint64_t call15(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
					      uint64_t e, uint64_t f, uint64_t g, uint64_t h,
					      uint64_t i, uint64_t j, uint64_t k, uint64_t l,
					      uint64_t m, uint64_t n, uint64_t o)
{
	return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o;
}

static int check(struct reaim_job *job, uint64_t result, uint64_t expected)
{
	if (result != expected)
		return reaim_fail(job, "the functions counted to %" PRIu64 " instead of %" PRIu64,
				  result, expected);
	return REAIM_OK;
}

static int fun_cal_run(struct reaim_job *job)
{
	calls_without_arguments = 0;
	for (int i = 0; i < CALLS; i++)
		call0();
	return check(job, calls_without_arguments, CALLS);
}

static int fun_cal1_run(struct reaim_job *job)
{
	uint64_t sum = 0;

	for (int i = 0; i < CALLS; i++)
		sum = call1(sum);
	return check(job, sum, CALLS);
}

static int fun_cal2_run(struct reaim_job *job)
{
	uint64_t sum = 0;

	for (int i = 0; i < CALLS; i++)
		sum = call2(sum, 2);
	return check(job, sum, 2 * (uint64_t)CALLS);
}

static int fun_cal15_run(struct reaim_job *job)
{
	uint64_t sum = 0;

	for (int i = 0; i < CALLS; i++)
		sum = call15(sum, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
	return check(job, sum, 105 * (uint64_t)CALLS);
}

#define CALL_OP(name_, arguments_)                                                                 \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = "Function Calls (" arguments_ ")",                                         \
		.doc = "Calls a small function that is neither inlined nor known to its caller. "  \
		       "Each call adds to one number, whose value at the end is checked.",         \
		.operations = CALLS,                                                               \
		.run = name_##_run,                                                                \
	};                                                                                         \
	REAIM_REGISTER(name_)

CALL_OP(fun_cal, "no arguments");
CALL_OP(fun_cal1, "1 argument");
CALL_OP(fun_cal2, "2 arguments");
CALL_OP(fun_cal15, "15 arguments");
