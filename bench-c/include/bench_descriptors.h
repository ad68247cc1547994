/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many descriptors to be watched. */
#ifndef KDYNO_BENCH_DESCRIPTORS_H
#define KDYNO_BENCH_DESCRIPTORS_H

#include "bench.h"

enum bench_descriptor_kind { BENCH_FILES, BENCH_TCP, BENCH_EVENTFDS };
extern const char *const bench_descriptor_kinds[]; /* "file", "tcp" */

struct bench_descriptors {
	int *fds;
	size_t count;
	int kept[2]; /* a connection's other end; 0 if there is none */
	int epoll;   /* what watches them; 0 if there is none */
	uint64_t right_answers;
};

/*
 * Open as many descriptors as the parameter "descriptors" says: of one empty file, of one
 * connection to this process over the loopback device (both are duplicates of a single one), or of
 * as many eventfds that hold nothing. The soft limit of descriptors is raised if need be; beyond
 * the hard one it is a skip.
 */
int bench_descriptors_open(struct bench_state *state, struct bench_descriptors *descriptors,
			   enum bench_descriptor_kind kind);
/* Open eventfds and an epoll instance, and register them for reading with their indices. */
int bench_descriptors_watch(struct bench_state *state, struct bench_descriptors *descriptors);

/* Callbacks of a benchmark whose data begin with its descriptors. */
uint64_t bench_descriptors_work(struct bench_state *state);
void bench_descriptors_teardown(struct bench_state *state);

#endif
