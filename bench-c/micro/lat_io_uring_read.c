// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading from a file in the page cache through an io_uring.
 * Why: what io_uring adds to, or saves of, pread() when no device is involved; with buffers and
 * file registered the kernel need not look them up for each request.
 * Source: io_uring(7), io_uring_register(2).
 */
#include "bench_file.h"
#include "bench_io_uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SIZE_BYTES = 4096, SIZE_BYTES_MAX = 1 << 20, DEPTH = 1, DEPTH_MAX = 128 };
enum { PAGE_BYTES = 4096, FILL = 'k' };
static const char *const no_yes[] = {"no", "yes", NULL};

struct data {
	struct bench_ring ring;
	struct io_uring_sqe request;
	unsigned depth;
	int file;
	size_t bytes;
	unsigned char *buffer; /* for all requests: they bring the same */
	uint64_t right_answers;
};

/* Copies have a file each: one in common would be a contended page. */
static int open_file(struct bench_state *state, struct data *data)
{
	int directory = bench_file_directory(state);

	if (directory < 0)
		return BENCH_ERROR;
	data->file = openat(directory, "read", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = errno;
	(void)close(directory);
	return data->file >= 0 ? BENCH_OK
			       : bench_fail(state, "cannot make a file: %s", strerror(error));
}

static int make_file(struct bench_state *state, struct data *data)
{
	data->buffer =
		aligned_alloc(PAGE_BYTES, (data->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
	if (data->buffer == NULL)
		return bench_fail(state, "no memory for %zu bytes", data->bytes);
	memset(data->buffer, FILL, data->bytes);
	int error = open_file(state, data);
	if (error != 0)
		return error;
	struct iovec whole = {.iov_base = data->buffer, .iov_len = data->bytes};
	if (writev(data->file, &whole, 1) != (ssize_t)data->bytes)
		return errno == ENOSPC ? bench_skip(state, "no room for the file")
				       : bench_fail(state, "write: %s", strerror(errno));
	memset(data->buffer, 0, data->bytes);
	if (preadv2(data->file, &whole, 1, 0, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP)
		return bench_skip(state, "this file system, as tmpfs, has no reads that never wait "
					 "and io_uring would leave them to threads (choose another "
					 "--directory)");
	memset(data->buffer, 0, data->bytes);
	return BENCH_OK;
}

static int register_with(struct bench_state *state, struct data *data)
{
	const struct iovec buffer = {.iov_base = data->buffer, .iov_len = data->bytes};
	int ring = data->ring.fd;

	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) != 0)
		return errno == ENOMEM
			       ? bench_skip(state, "no memory may be locked (ulimit -l)")
			       : bench_fail(state, "cannot register a buffer: %s", strerror(errno));
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &data->file, 1) != 0)
		return bench_fail(state, "cannot register a file: %s", strerror(errno));
	data->request.opcode = IORING_OP_READ_FIXED;
	data->request.flags = IOSQE_FIXED_FILE;
	data->request.fd = 0;
	return BENCH_OK;
}

/* One read says whether this kernel knows the request: that came after io_uring itself. */
static int try_once(struct bench_state *state, struct data *data)
{
	*bench_ring_entry(&data->ring, 0) = data->request;
	if (!bench_ring_enter(&data->ring, 1))
		return bench_fail(state, "io_uring_enter: %s", strerror(errno));
	int32_t result = data->ring.cqes[*data->ring.cq_head & data->ring.cq_mask].res;
	if (bench_ring_reap(&data->ring, 1, (int32_t)data->bytes) == 1)
		return BENCH_OK;
	if (result == -EINVAL)
		return bench_skip(state, "no IORING_OP_READ: needs Linux 5.6");
	return bench_fail(state, "read: %s", result < 0 ? strerror(-result) : "cut short");
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->depth = (unsigned)bench_value(state, "depth");
	bench_set_operations_per_iteration(state, data->depth);
	int error = make_file(state, data);
	if (error == 0)
		error = bench_ring_open(state, &data->ring, data->depth);
	if (error != 0)
		return error;
	data->request = (struct io_uring_sqe){.opcode = IORING_OP_READ,
					      .fd = data->file,
					      .addr = (uint64_t)(uintptr_t)data->buffer,
					      .len = (uint32_t)data->bytes};
	if (bench_value(state, "registered") == 1)
		error = register_with(state, data);
	return error != 0 ? error : try_once(state, data);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	unsigned depth = data->depth;
	int32_t bytes = (int32_t)data->bytes;

	data->buffer[data->bytes - 1] = 0;
	for (uint64_t i = 0; i < iterations; i++) {
		for (unsigned j = 0; j < depth; j++)
			*bench_ring_entry(&data->ring, j) = data->request;
		if (!bench_ring_enter(&data->ring, depth))
			return bench_fail(state, "io_uring_enter: %s", strerror(errno));
		unsigned right = bench_ring_reap(&data->ring, depth, bytes);
		data->right_answers += right;
		if (right != depth)
			return bench_fail(state, "%u of %u reads were whole", right, depth);
	}
	if (data->buffer[data->bytes - 1] != FILL)
		return bench_fail(state, "the data did not arrive");
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_answers;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_ring_close(&data->ring);
	if (data->file > 0)
		(void)close(data->file);
	free(data->buffer);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "read by each request",
	 .value = SIZE_BYTES,
	 .min = 1,
	 .max = SIZE_BYTES_MAX},
	{.name = "depth",
	 .about = "requests submitted by each system call",
	 .value = DEPTH,
	 .min = 1,
	 .max = DEPTH_MAX},
	{.name = "registered",
	 .about = "whether the kernel knows buffer and file beforehand",
	 .value = 0,
	 .words = no_yes},
	{0},
};

static const struct bench lat_io_uring_read = {
	.name = "lat_io_uring_read",
	.summary = "read from the page cache through an io_uring",
	.doc = "Times IORING_OP_READ of size_bytes from the start of a file: filling in\n"
	       "`depth` entries, one io_uring_enter() that submits them and waits for as many\n"
	       "completions, and taking these out. All data are in the page cache and the same\n"
	       "buffer is used throughout, so the kernel copies at once, in caches, and nobody\n"
	       "sleeps; the figure is per request. registered=yes makes buffer and file known to\n"
	       "the kernel beforehand and uses IORING_OP_READ_FIXED. Raw system calls, no library,\n"
	       "no polling thread. Beside it stand pread() of the same size and lat_io_uring_nop,\n"
	       "which has no copy. On tmpfs, where io_uring would hand the read to a thread, it is\n"
	       "skipped. Work proof: each completion must say size_bytes, and after each\n"
	       "run the file's data must be in the buffer. Idea: io_uring(7).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.expectations = {{BENCH_SWITCHES, 0, 0.5}},
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_io_uring_read);
