/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers of which several are under way at once. The queue keeps as many as fit; an engine
 * knows one kernel interface and nothing about what is transferred.
 */
#ifndef KDYNO_REAIM_DISK_QUEUE_H
#define KDYNO_REAIM_DISK_QUEUE_H

#include "reaim_op.h"

enum { DISK_QUEUE_DEPTH = 16 };

struct disk_transfer {
	int fd;
	bool write;
	bool under_way;
	void *buffer;
	size_t bytes;
	uint64_t offset;
	uint64_t block;
};

struct disk_completion {
	unsigned int slot; /* index of the transfer */
	int64_t result;	   /* bytes moved, or -errno */
};

struct disk_engine {
	const char *name;
	/* Takes what the kernel gives; reaim_skip() where it has no such interface. */
	int (*open)(struct reaim_job *job, void **handle, unsigned int depth);
	/* Start transfers[slots[0..count-1]]; all or an error, after which the first `started`
	 * are under way all the same. */
	int (*submit)(struct reaim_job *job, void *handle, struct disk_transfer *transfers,
		      const unsigned int *slots, unsigned int count, unsigned int *started);
	/* Wait for at least one of those under way; at most `room` are written to `done`. */
	int (*reap)(struct reaim_job *job, void *handle, struct disk_completion *done,
		    unsigned int room, unsigned int *count);
	void (*close)(void *handle);
};

extern const struct disk_engine disk_engine_aio;
extern const struct disk_engine disk_engine_uring;

struct disk_queue {
	const struct disk_engine *engine;
	void *handle;
	unsigned int depth;
	struct disk_transfer transfers[DISK_QUEUE_DEPTH];
};

/* What the queue asks of the test: what to transfer next, and to judge what came. */
struct disk_work {
	uint64_t transfers;
	int (*prepare)(struct reaim_job *job, struct disk_transfer *transfer);
	int (*finish)(struct reaim_job *job, const struct disk_transfer *transfer);
};

int disk_queue_open(struct reaim_job *job, struct disk_queue *queue,
		    const struct disk_engine *engine, unsigned int depth);
int disk_queue_run(struct reaim_job *job, struct disk_queue *queue, const struct disk_work *work);
void disk_queue_close(struct disk_queue *queue);

#endif
