/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the self-test and its benchmarks agree on. */
#ifndef KDYNO_SELFTEST_H
#define KDYNO_SELFTEST_H

#include <stdint.h>

enum {
	SELFTEST_BLOCK_CYCLES = 16, /* of one turn of the chain of dependent instructions */
	SELFTEST_HANG_S = 1,	    /* selftest_hang is killed this long after its budget */
};

/* Turns of the chain that take about delay_ns. */
uint64_t selftest_blocks(int64_t delay_ns, double cycle_ns);

#endif
