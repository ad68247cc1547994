/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two processes that send a message to and fro through descriptors: pipes, FIFOs, sockets.
 * The benchmark's data must begin with a struct bench_pair, and its setup opens the ends.
 */
#ifndef KDYNO_BENCH_PAIR_H
#define KDYNO_BENCH_PAIR_H

#include "bench.h"

struct bench_pair {
	bool open;	 /* the ends below are descriptors */
	bool datagrams;	 /* no end of file: an empty message says that it is over */
	int parent_from; /* may be the same descriptor as parent_to */
	int parent_to;
	int child_from;
	int child_to;
	size_t bytes;
	unsigned char *message; /* each process has its own */
	unsigned char stamp;	/* on both ends of the message, another one each time */
	uint64_t *echoed;	/* messages that the child sent back, in memory that both see */
};

/* "message_bytes", for the benchmarks that have no other. */
extern const struct bench_parameter bench_pair_parameters[];

/* The four ends are set: make the message and start the child, which sends back what it gets. */
int bench_pair_start(struct bench_state *state, struct bench_pair *pair);

/* Open the ends as a pair of connected unix sockets of this type, or skip, and start the child. */
int bench_pair_start_unix(struct bench_state *state, struct bench_pair *pair, int type);

/* Send the message and receive it; a wrong answer is an error. */
int bench_pair_pass(struct bench_state *state, struct bench_pair *pair);

uint64_t bench_pair_work(struct bench_state *state);
void bench_pair_teardown(struct bench_state *state);

#endif
