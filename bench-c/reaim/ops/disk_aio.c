// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own asynchronous I/O by its system calls, because libaio is not everywhere.
 * Only with O_DIRECT is it asynchronous: on a cached file io_submit() does the work.
 * Source: io_setup(2), io_submit(2), io_getevents(2); linux/aio_abi.h.
 */
#include "disk_queue.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct aio {
	aio_context_t context;
	struct iocb iocbs[DISK_QUEUE_DEPTH];
};

static int aio_open(struct reaim_job *job, void **handle, unsigned int depth)
{
	struct aio *aio = calloc(1, sizeof(*aio));

	if (aio == NULL)
		return reaim_fail(job, "memory for aio: %m");
	if (syscall(SYS_io_setup, depth, &aio->context) == 0) {
		*handle = aio;
		return REAIM_OK;
	}
	int why = errno;
	free(aio);
	errno = why;
	if (errno == ENOSYS || errno == EPERM)
		return reaim_skip(job, "io_setup: %m: this kernel has no native aio");
	if (errno == EAGAIN)
		return reaim_fail(job, "io_setup: %m: raise the sysctl fs.aio-max-nr");
	return reaim_fail(job, "io_setup: %m");
}

static int aio_submit(struct reaim_job *job, void *handle, struct disk_transfer *transfers,
		      const unsigned int *slots, unsigned int count, unsigned int *started)
{
	struct aio *aio = handle;
	struct iocb *batch[DISK_QUEUE_DEPTH];

	for (unsigned int i = 0; i < count; i++) {
		const struct disk_transfer *transfer = &transfers[slots[i]];
		struct iocb *iocb = &aio->iocbs[slots[i]];
		*iocb = (struct iocb){
			.aio_data = slots[i],
			.aio_lio_opcode = transfer->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			.aio_fildes = (uint32_t)transfer->fd,
			.aio_buf = (uintptr_t)transfer->buffer,
			.aio_nbytes = transfer->bytes,
			.aio_offset = (int64_t)transfer->offset,
		};
		batch[i] = iocb;
	}
	while (*started < count) {
		long took = syscall(SYS_io_submit, aio->context, (long)(count - *started),
				    batch + *started);
		if (took < 0)
			return reaim_fail(job, "io_submit: %m");
		if (took == 0)
			return reaim_fail(job, "io_submit: took none of %u transfers",
					  count - *started);
		*started += (unsigned int)took;
	}
	return REAIM_OK;
}

static int aio_reap(struct reaim_job *job, void *handle, struct disk_completion *done,
		    unsigned int room, unsigned int *count)
{
	struct aio *aio = handle;
	struct io_event events[DISK_QUEUE_DEPTH];
	long got;

	do
		got = syscall(SYS_io_getevents, aio->context, 1L, (long)room, events, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 1)
		return reaim_fail(job, "io_getevents: %m");
	for (long i = 0; i < got; i++) {
		done[i].slot = (unsigned int)events[i].data;
		done[i].result = events[i].res;
	}
	*count = (unsigned int)got;
	return REAIM_OK;
}

static void aio_close(void *handle)
{
	struct aio *aio = handle;

	(void)syscall(SYS_io_destroy, aio->context); /* waits for what is under way */
	free(aio);
}

const struct disk_engine disk_engine_aio = {
	.name = "aio",
	.open = aio_open,
	.submit = aio_submit,
	.reap = aio_reap,
	.close = aio_close,
};
