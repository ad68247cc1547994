// SPDX-License-Identifier: GPL-2.0-or-later
/* jmp_test: setjmp() once, longjmp() back to it a thousand times. */
#include "reaim_op.h"

#include <setjmp.h>

enum { JUMPS = 1000 };

static __attribute__((noipa, noreturn)) void jump(jmp_buf where)
{
	longjmp(where, 1);
}

static int run(struct reaim_job *job)
{
	jmp_buf here;
	volatile uint64_t landings = 0; /* volatile: it changes between setjmp and longjmp */

	if (setjmp(here) != 0)
		landings++;
	if (landings < JUMPS)
		jump(here);
	reaim_did(job, landings);
	return REAIM_OK;
}

static const struct reaim_op jmp_test = {
	.name = "jmp_test",
	.unit = "Non-local gotos",
	.doc = "Jumps with longjmp() from one function back into another, 1,000 times. Landings "
	       "are counted where setjmp() returns.",
	.operations = JUMPS,
	.work_per_job = JUMPS,
	.run = run,
};
REAIM_REGISTER(jmp_test);
