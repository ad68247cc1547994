// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a system call whose number the kernel does not know.
 * Why: nothing is done between entry and exit, so it is the floor of all system calls: what
 * mitigations, syscall tracing and entry code cost. The instruction is in the loop, because the
 * libc would turn the answer into errno.
 * Source: operating system entry of the lmbench paper (USENIX 1996), without its payload.
 */
#include "bench_entry.h"

#include <errno.h>
#include <string.h>

enum { UNKNOWN_CALL = 4095 }; /* far above the numbers of any kernel */

static int setup(struct bench_state *state)
{
	long answer = bench_enter(UNKNOWN_CALL);

	if (answer == -ENOSYS)
		return BENCH_OK;
	return bench_skip(state,
			  "needs a kernel without a filter of system calls: number %d gives %s",
			  UNKNOWN_CALL, answer < 0 ? strerror((int)-answer) : "an answer");
}

/* With no other branches beside it: predictors keep few branches of a cache line apart. With those
 * of run() in the same line each entry cost a misprediction, 12 ns added to 82 on an AMD Zen. */
static __attribute__((noinline)) uint64_t loop_unknown(uint64_t iterations)
{
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++)
		answered += bench_enter(UNKNOWN_CALL) == -ENOSYS;
	return answered;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct bench_calls *calls = bench_data(state);
	uint64_t answered = loop_unknown(iterations);

	calls->answered += answered;
	return answered == iterations ? BENCH_OK
				      : bench_fail(state, "the kernel did not say ENOSYS");
}

static const struct bench lat_syscall_enosys = {
	.name = "lat_syscall_enosys",
	.summary = "enter the kernel and come back, nothing else",
	.doc = "Times the system call instruction with a number that the kernel does not know. Entry, a\n"
	       "comparison of the number and exit are all that happens; the answer is ENOSYS. It is the\n"
	       "floor under every other system call: mitigations, context tracking, auditing, tracing and\n"
	       "ptrace are paid here in full. What lat_syscall_getppid takes longer than this is the table\n"
	       "jump and getppid() itself. The instruction stands in the loop, as the libc would store the\n"
	       "error in errno. Work proof: each answer is -ENOSYS. Skipped where a seccomp filter answers\n"
	       "instead. Idea: the operating system entry of the lmbench paper, without any payload.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct bench_calls),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
};
BENCH_REGISTER(lat_syscall_enosys);
