/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka in the order it wants, and a clock that only moves when it is told to. */
#ifndef KDYNO_TEST_FAKE_H
#define KDYNO_TEST_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

/* cmocka has it only from 2.0 on. Prints both, which assert_true() would not. */
#define assert_double_equal(actual, expected, tolerance)                                           \
	fake_double_equal((actual), (expected), (tolerance), __FILE__, __LINE__)

static inline void fake_double_equal(double actual, double expected, double tolerance,
				     const char *file, int line)
{
	if (actual - expected <= tolerance && expected - actual <= tolerance)
		return;
	print_error("%.17g is not %.17g\n", actual, expected);
	_fail(file, line);
}

struct fake_time {
	double now_ns;
	double cost_ns; /* each reading moves time by this */
	double step_ns; /* readings are multiples of this; 0: every nanosecond */
	unsigned readings;
	unsigned hole_at_reading; /* of them, from 1; 0: none */
	double hole_ns;
};

static inline uint64_t fake_read(void *context)
{
	struct fake_time *time = context;

	time->now_ns += time->cost_ns;
	time->readings++;
	if (time->readings == time->hole_at_reading)
		time->now_ns += time->hole_ns;
	uint64_t now = (uint64_t)time->now_ns;
	uint64_t step = (uint64_t)time->step_ns;
	return step == 0 ? now : now / step * step;
}

static inline struct clock fake_clock(struct fake_time *time)
{
	return (struct clock){.now_ns = fake_read,
			      .context = time,
			      .resolution_ns = 1,
			      .cost_ns = time->cost_ns,
			      .cycle_ns = 0.25};
}

#endif
