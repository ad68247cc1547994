// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: nothing. A remote procedure call over Sun RPC, which the paper has, is no measure of a
 * kernel any more: the name is kept so that whoever looks for it finds the reason.
 * Why: see the reason.
 * Source: lmbench paper (USENIX 1996), RPC/TCP and RPC/UDP latency.
 */
#include "bench.h"

static int setup(struct bench_state *state)
{
	return bench_skip(state,
			  "retired: Sun RPC (rpcbind, libtirpc) is no part of a C library any "
			  "more, and what it adds to lat_tcp and lat_udp is a library's "
			  "cost, not the kernel's");
}

static int run(struct bench_state *state, uint64_t iterations)
{
	(void)iterations;
	return bench_fail(state, "retired");
}

static uint64_t work(struct bench_state *state)
{
	(void)state;
	return 0;
}

static const struct bench lat_rpc = {
	.name = "lat_rpc",
	.summary = "remote procedure call: retired, always skipped",
	.doc = "Times nothing and always skips. The lmbench paper measures a call of Sun RPC over TCP and\n"
	       "UDP to show that the RPC layer adds hundreds of microseconds to the same exchange of a\n"
	       "byte. That layer is a library (today libtirpc) with a port mapper (rpcbind), which no C\n"
	       "library contains any more and which few machines run. What the kernel does for such a\n"
	       "call is what lat_tcp and lat_udp time, in full; the rest is user code that a kernel\n"
	       "cannot make faster or slower. Read lat_tcp and lat_udp instead.",
	.figure = BENCH_LATENCY,
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_rpc);
