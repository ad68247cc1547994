// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_io_uring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int explain_refusal(struct bench_state *state)
{
	if (errno == ENOSYS)
		return bench_skip(state, "no io_uring: needs Linux 5.1 with CONFIG_IO_URING");
	if (errno == EPERM || errno == EACCES)
		return bench_skip(state, "io_uring is forbidden here (kernel.io_uring_disabled, a "
					 "seccomp filter)");
	if (errno == ENOMEM)
		return bench_skip(state, "no memory that may be locked for io_uring (ulimit -l)");
	return bench_fail(state, "io_uring_setup: %s", strerror(errno));
}

static void *map(int fd, size_t bytes, off_t what)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

static uint32_t *word(void *memory, uint32_t offset)
{
	return (uint32_t *)(void *)((unsigned char *)memory + offset);
}

static bool map_rings(struct bench_ring *ring, const struct io_uring_params *params)
{
	bool one = (params->features & IORING_FEAT_SINGLE_MMAP) != 0;

	ring->sq_bytes = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	ring->cq_bytes = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	ring->sqes_bytes = params->sq_entries * sizeof(struct io_uring_sqe);
	if (one && ring->cq_bytes > ring->sq_bytes)
		ring->sq_bytes = ring->cq_bytes;
	ring->sq_memory = map(ring->fd, ring->sq_bytes, IORING_OFF_SQ_RING);
	ring->cq_memory = one ? ring->sq_memory : map(ring->fd, ring->cq_bytes, IORING_OFF_CQ_RING);
	ring->sqes = map(ring->fd, ring->sqes_bytes, IORING_OFF_SQES);
	return ring->sq_memory != MAP_FAILED && ring->cq_memory != MAP_FAILED &&
	       ring->sqes != MAP_FAILED;
}

int bench_ring_open(struct bench_state *state, struct bench_ring *ring, unsigned entries)
{
	struct io_uring_params params = {0};

	ring->fd = (int)syscall(SYS_io_uring_setup, entries, &params);
	if (ring->fd < 0)
		return explain_refusal(state);
	ring->open = true;
	if (!map_rings(ring, &params))
		return bench_fail(state, "cannot map the rings: %s", strerror(errno));
	ring->sq_tail = word(ring->sq_memory, params.sq_off.tail);
	ring->sq_mask = *word(ring->sq_memory, params.sq_off.ring_mask);
	ring->cq_head = word(ring->cq_memory, params.cq_off.head);
	ring->cq_tail = word(ring->cq_memory, params.cq_off.tail);
	ring->cq_mask = *word(ring->cq_memory, params.cq_off.ring_mask);
	ring->cqes = (const struct io_uring_cqe *)(void *)word(ring->cq_memory, params.cq_off.cqes);
	uint32_t *slots = word(ring->sq_memory, params.sq_off.array);
	for (uint32_t i = 0; i < params.sq_entries; i++)
		slots[i] = i;
	return BENCH_OK;
}

static void unmap(void *memory, size_t bytes)
{
	if (memory != NULL && memory != MAP_FAILED)
		(void)munmap(memory, bytes);
}

void bench_ring_close(struct bench_ring *ring)
{
	if (!ring->open)
		return;
	unmap(ring->sqes, ring->sqes_bytes);
	if (ring->cq_memory != ring->sq_memory)
		unmap(ring->cq_memory, ring->cq_bytes);
	unmap(ring->sq_memory, ring->sq_bytes);
	(void)close(ring->fd);
	ring->open = false;
}

bool bench_ring_enter(struct bench_ring *ring, unsigned count)
{
	__atomic_store_n(ring->sq_tail, *ring->sq_tail + count, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, count, count, IORING_ENTER_GETEVENTS, NULL,
		       0) == (long)count;
}
