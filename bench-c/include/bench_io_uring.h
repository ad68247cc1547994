/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An io_uring by system calls alone: two rings in memory that the kernel shares. The index that
 * the other side moves is loaded with acquire, one's own is stored with release; that is all the
 * order that x86 and arm64 need as long as the kernel has no polling thread.
 */
#ifndef KDYNO_BENCH_IO_URING_H
#define KDYNO_BENCH_IO_URING_H

#include "bench.h"

#include <linux/io_uring.h>

struct bench_ring {
	int fd;
	bool open;
	uint32_t *sq_tail; /* moved by the program */
	uint32_t sq_mask;
	struct io_uring_sqe *sqes; /* entry i is always in slot i of the ring */
	uint32_t *cq_head;	   /* moved by the program */
	uint32_t *cq_tail;	   /* moved by the kernel */
	uint32_t cq_mask;
	const struct io_uring_cqe *cqes;
	void *sq_memory;
	size_t sq_bytes;
	void *cq_memory; /* the same as sq_memory on newer kernels */
	size_t cq_bytes;
	size_t sqes_bytes;
};

/* A kernel without io_uring, or one that forbids it, is a skip. */
int bench_ring_open(struct bench_state *state, struct bench_ring *ring, unsigned entries);
void bench_ring_close(struct bench_ring *ring);

/* Submit the next `count` entries, which are filled in, and wait for as many completions.
 * False with errno set. */
bool bench_ring_enter(struct bench_ring *ring, unsigned count);

/* The entry that is the index-th to be submitted next. */
static inline struct io_uring_sqe *bench_ring_entry(const struct bench_ring *ring, uint32_t index)
{
	return &ring->sqes[(*ring->sq_tail + index) & ring->sq_mask];
}

/* How many of the next `count` completions have this result; takes them out of the ring. */
static inline unsigned bench_ring_reap(struct bench_ring *ring, unsigned count, int32_t result)
{
	uint32_t head = *ring->cq_head;
	uint32_t ready = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) - head;
	unsigned right = 0;

	if (ready < count)
		return 0;
	for (unsigned i = 0; i < count; i++)
		right += ring->cqes[(head + i) & ring->cq_mask].res == result;
	__atomic_store_n(ring->cq_head, head + count, __ATOMIC_RELEASE);
	return right;
}

#endif
