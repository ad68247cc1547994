// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io_uring by its system calls: two rings shared with the kernel, one enter call to submit a
 * batch and one to wait.
 * Source: io_uring_setup(2), io_uring_enter(2); linux/io_uring.h. Kernel 5.6 or newer.
 */
#include "disk_queue.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct uring {
	int fd;
	void *rings; /* both, in one mapping */
	size_t rings_bytes;
	struct io_uring_sqe *sqes;
	size_t sqes_bytes;
	unsigned int *sq_tail;
	unsigned int *sq_array;
	unsigned int sq_mask;
	unsigned int *cq_head;
	unsigned int *cq_tail;
	struct io_uring_cqe *cqes;
	unsigned int cq_mask;
};

static void uring_close(void *handle)
{
	struct uring *ring = handle;

	if (ring->sqes != NULL)
		(void)munmap(ring->sqes, ring->sqes_bytes);
	if (ring->rings != NULL)
		(void)munmap(ring->rings, ring->rings_bytes);
	(void)close(ring->fd);
	free(ring);
}

static void *map(const struct uring *ring, size_t bytes, uint64_t offset)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    ring->fd, (off_t)offset);

	return memory == MAP_FAILED ? NULL : memory;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int map_rings(struct reaim_job *job, struct uring *ring,
		     const struct io_uring_params *params)
{
	size_t sq_bytes = params->sq_off.array + params->sq_entries * sizeof(unsigned int);
	size_t cq_bytes = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);

	ring->rings_bytes = larger(sq_bytes, cq_bytes);
	ring->rings = map(ring, ring->rings_bytes, IORING_OFF_SQ_RING);
	ring->sqes_bytes = params->sq_entries * sizeof(struct io_uring_sqe);
	ring->sqes = map(ring, ring->sqes_bytes, IORING_OFF_SQES);
	if (ring->rings == NULL || ring->sqes == NULL)
		return reaim_fail(job, "mmap of the io_uring: %m");

	char *base = ring->rings;
	ring->sq_tail = (void *)(base + params->sq_off.tail);
	ring->sq_array = (void *)(base + params->sq_off.array);
	ring->sq_mask = *(unsigned int *)(void *)(base + params->sq_off.ring_mask);
	ring->cq_head = (void *)(base + params->cq_off.head);
	ring->cq_tail = (void *)(base + params->cq_off.tail);
	ring->cqes = (void *)(base + params->cq_off.cqes);
	ring->cq_mask = *(unsigned int *)(void *)(base + params->cq_off.ring_mask);
	return REAIM_OK;
}

static int uring_open(struct reaim_job *job, void **handle, unsigned int depth)
{
	struct io_uring_params params = {0};
	struct uring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		return reaim_fail(job, "memory for io_uring: %m");
	ring->fd = (int)syscall(SYS_io_uring_setup, depth, &params);
	if (ring->fd < 0) {
		int why = errno;
		free(ring);
		errno = why;
		if (errno == ENOSYS || errno == EPERM || errno == EACCES)
			return reaim_skip(job,
					  "io_uring_setup: %m: the kernel or a sandbox refuses it");
		return reaim_fail(job, "io_uring_setup: %m");
	}
	*handle = ring;
	/* RW_CUR_POS came with the plain read and write operations, in 5.6. */
	if ((params.features & IORING_FEAT_SINGLE_MMAP) == 0 ||
	    (params.features & IORING_FEAT_RW_CUR_POS) == 0)
		return reaim_skip(job, "io_uring of a kernel older than 5.6");
	return map_rings(job, ring, &params);
}

static long enter(const struct uring *ring, unsigned int submit, unsigned int wait)
{
	unsigned int flags = wait > 0 ? IORING_ENTER_GETEVENTS : 0;
	long took;

	do
		took = syscall(SYS_io_uring_enter, ring->fd, submit, wait, flags, NULL, 0);
	while (took < 0 && errno == EINTR);
	return took;
}

static int uring_submit(struct reaim_job *job, void *handle, struct disk_transfer *transfers,
			const unsigned int *slots, unsigned int count, unsigned int *started)
{
	struct uring *ring = handle;
	unsigned int tail = *ring->sq_tail; /* only this side writes it */

	for (unsigned int i = 0; i < count; i++, tail++) {
		const struct disk_transfer *transfer = &transfers[slots[i]];
		unsigned int entry = tail & ring->sq_mask;
		ring->sqes[entry] = (struct io_uring_sqe){
			.opcode = transfer->write ? IORING_OP_WRITE : IORING_OP_READ,
			.fd = transfer->fd,
			.addr = (uintptr_t)transfer->buffer,
			.len = (uint32_t)transfer->bytes,
			.off = transfer->offset,
			.user_data = slots[i],
		};
		ring->sq_array[entry] = entry;
	}
	__atomic_store_n(ring->sq_tail, tail, __ATOMIC_RELEASE);
	long took = enter(ring, count, 0);
	if (took < 0)
		return reaim_fail(job, "io_uring_enter: %m");
	*started = (unsigned int)took;
	if (took != (long)count)
		return reaim_fail(job, "io_uring_enter: took %ld of %u transfers", took, count);
	return REAIM_OK;
}

static int uring_reap(struct reaim_job *job, void *handle, struct disk_completion *done,
		      unsigned int room, unsigned int *count)
{
	struct uring *ring = handle;
	unsigned int head = *ring->cq_head; /* only this side writes it */

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) && enter(ring, 0, 1) < 0)
		return reaim_fail(job, "io_uring_enter, waiting: %m");
	unsigned int tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
	if (head == tail)
		return reaim_fail(job, "io_uring_enter waited and nothing is done");
	for (; head != tail && *count < room; head++, ++*count) {
		const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
		done[*count].slot = (unsigned int)cqe->user_data;
		done[*count].result = cqe->res;
	}
	__atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
	return REAIM_OK;
}

const struct disk_engine disk_engine_uring = {
	.name = "io_uring",
	.open = uring_open,
	.submit = uring_submit,
	.reap = uring_reap,
	.close = uring_close,
};
