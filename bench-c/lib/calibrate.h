/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_CALIBRATE_H
#define KDYNO_CALIBRATE_H

#include <stdint.h>

/* Do `iterations` turns and say how long they took. Anything but 0 ends the measurement. */
typedef int timed_fn(void *context, uint64_t iterations, double *elapsed_ns);

enum { CALIBRATE_TOO_FAST = -1 };

/* How long one sample must last so that a reading of the clock is at most a thousandth of
 * it; shorter (but never below a hundredth) when the budget would not hold enough samples. */
double sample_length_ns(double quantum_ns, double budget_ns, uint64_t samples);

/* Find the iterations that last at least wanted_ns. 0, CALIBRATE_TOO_FAST when the work
 * takes no time however often it is done, or what timed returned. */
int calibrate(timed_fn *timed, void *context, double wanted_ns, uint64_t *iterations);

#endif
