// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: process_vm_readv() of another process's memory.
 * Why: the copy without a buffer in the kernel that debuggers and message passing libraries use:
 * finding the other address space, pinning its pages, copying, letting go.
 * Source: process_vm_readv(2).
 */
#include "bench_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BYTES = 4096, BYTES_MAX = 1 << 20, PATTERN = 0x5a };

struct data {
	struct bench_calls calls;
	int end[2];   /* closed by the reader: the other process ends */
	int ready[2]; /* the other process tells its identity */
	pid_t owner;
	size_t size;
	char *bytes; /* of both, but the owner's copy alone has the pattern */
};

/* The memory is private: what the owner writes is seen by the copy only. */
static int own(struct bench_state *state)
{
	struct data *data = bench_data(state);
	const pid_t self = getpid();
	char byte;

	(void)close(data->end[1]);
	memset(data->bytes, PATTERN, data->size);
	if (write(data->ready[1], &self, sizeof(self)) != sizeof(self))
		return BENCH_ERROR;
	return read(data->end[0], &byte, 1) == 0 ? BENCH_OK : BENCH_ERROR;
}

static long copy(const struct data *data)
{
	const struct iovec here = {.iov_base = data->bytes, .iov_len = data->size};
	const struct iovec there = here;

	return syscall(SYS_process_vm_readv, data->owner, &here, 1, &there, 1, 0);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->size = (size_t)bench_value(state, "size_bytes");
	size_t page =
		(size_t)sysconf(_SC_PAGESIZE); /* a page is then one page to look up, not two */
	size_t rounded = (data->size + page - 1) / page * page;
	data->bytes = aligned_alloc(page, rounded);
	if (data->bytes == NULL)
		return bench_fail(state, "no memory for %zu bytes", data->size);
	memset(data->bytes, 0, rounded);
	if (pipe(data->end) != 0 || pipe(data->ready) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	int error = bench_spawn(state, own);
	if (error != 0)
		return error;
	(void)close(data->end[0]);
	data->end[0] = 0;
	if (read(data->ready[0], &data->owner, sizeof(data->owner)) != sizeof(data->owner))
		return bench_fail(state, "the other process did not start");
	if (copy(data) < 0)
		return bench_skip(state, "needs a kernel that lets a process read its child: %s",
				  strerror(errno));
	return data->bytes[0] == PATTERN && data->bytes[data->size - 1] == PATTERN
		       ? BENCH_OK
		       : bench_fail(state, "the bytes did not arrive");
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const long size = (long)data->size;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (copy(data) != size)
			return bench_fail(state, "process_vm_readv: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	for (int i = 0; i < 2; i++) { /* 0: setup did not come so far */
		if (data->end[i] > 0)
			(void)close(data->end[i]);
		if (data->ready[i] > 0)
			(void)close(data->ready[i]);
	}
	free(data->bytes);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes", .about = "of one call", .value = BYTES, .min = 1, .max = BYTES_MAX},
	{0}};

static const struct bench lat_process_vm_readv = {
	.name = "lat_process_vm_readv",
	.summary = "copy memory out of another process",
	.doc = "Times syscall(SYS_process_vm_readv) of `size_bytes` from a child that sleeps: one buffer here,\n"
	       "one there, both at the start of a page. In it: kernel entry, two lists copied from the user, the permission check of\n"
	       "ptrace(2), a reference to the other address space and its lock, each page looked up and\n"
	       "pinned, the copy, and all of it let go. No buffer of the kernel and no switch: the other\n"
	       "process never runs. A pipe does the same with two copies and a wake-up. Skipped where the\n"
	       "kernel forbids or lacks it. Work proof: each call answers with the whole size; before the\n"
	       "first one, bytes at both ends have become what only the other process had written.\n"
	       "Idea: process_vm_readv(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_process_vm_readv);
