// SPDX-License-Identifier: GPL-2.0-or-later
#include "disk_queue.h"

#include <errno.h>

int disk_queue_open(struct reaim_job *job, struct disk_queue *queue,
		    const struct disk_engine *engine, unsigned int depth)
{
	queue->engine = engine;
	queue->depth = depth;
	return engine->open(job, &queue->handle, depth);
}

void disk_queue_close(struct disk_queue *queue)
{
	if (queue->handle != NULL)
		queue->engine->close(queue->handle);
	queue->handle = NULL;
}

static int fill(struct reaim_job *job, struct disk_queue *queue, const struct disk_work *work,
		uint64_t *started, unsigned int *under_way)
{
	unsigned int slots[DISK_QUEUE_DEPTH];
	unsigned int count = 0;

	for (unsigned int i = 0; i < queue->depth && *started + count < work->transfers; i++) {
		if (queue->transfers[i].under_way)
			continue;
		int error = work->prepare(job, &queue->transfers[i]);
		if (error != REAIM_OK)
			return error;
		slots[count++] = i;
	}
	if (count == 0)
		return REAIM_OK;
	unsigned int taken = 0;
	int error =
		queue->engine->submit(job, queue->handle, queue->transfers, slots, count, &taken);
	for (unsigned int i = 0; i < taken; i++)
		queue->transfers[slots[i]].under_way = true;
	*started += taken;
	*under_way += taken;
	return error;
}

static int judge(struct reaim_job *job, const struct disk_queue *queue,
		 const struct disk_work *work, const struct disk_completion *done)
{
	const struct disk_transfer *transfer = &queue->transfers[done->slot];
	const char *what = transfer->write ? "write" : "read";

	if (done->result < 0) {
		errno = (int)-done->result;
		return reaim_fail(job, "%s %s at offset %llu: %m", queue->engine->name, what,
				  (unsigned long long)transfer->offset);
	}
	if ((size_t)done->result != transfer->bytes)
		return reaim_fail(job, "%s %s at offset %llu: %lld of %zu bytes",
				  queue->engine->name, what, (unsigned long long)transfer->offset,
				  (long long)done->result, transfer->bytes);
	return work->finish(job, transfer);
}

int disk_queue_run(struct reaim_job *job, struct disk_queue *queue, const struct disk_work *work)
{
	struct disk_completion done[DISK_QUEUE_DEPTH];
	uint64_t started = 0;
	unsigned int under_way = 0;
	int error = fill(job, queue, work, &started, &under_way);

	/* After an error too: the kernel must be done with the buffers before anybody frees them.
	 */
	while (under_way > 0) {
		unsigned int count = 0;
		int lost = queue->engine->reap(job, queue->handle, done, queue->depth, &count);
		if (lost != REAIM_OK)
			return lost;
		for (unsigned int i = 0; i < count; i++) {
			if (error == REAIM_OK)
				error = judge(job, queue, work, &done[i]);
			queue->transfers[done[i].slot].under_way = false;
		}
		under_way -= count;
		if (error == REAIM_OK)
			error = fill(job, queue, work, &started, &under_way);
	}
	return error;
}
