// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes from one file through a pipe into another that never pass through user memory.
 * Source: splice(2), pipe(7).
 */
#include "reaim_op.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_BYTES = 1024 * 1024, ROUNDS = 4, SPLICE_BYTES = 64 * 1024, KIB = 1024 };
enum { FROM, TO, FILES };

struct data {
	int files[FILES];
	int ends[2];
	uint64_t *views[FILES]; /* mappings of the files, to fill and to compare */
};

static int open_file(struct reaim_job *job, struct data *data, unsigned int which)
{
	data->files[which] = memfd_create("reaim", MFD_CLOEXEC);
	if (data->files[which] < 0)
		return reaim_fail(job, "memfd_create: %m");
	if (ftruncate(data->files[which], FILE_BYTES) != 0)
		return reaim_fail(job, "ftruncate of a memfd: %m");
	void *view =
		mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, data->files[which], 0);
	if (view == MAP_FAILED)
		return reaim_fail(job, "mmap of a memfd: %m");
	data->views[which] = view;
	return REAIM_OK;
}

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	for (unsigned int i = 0; i < FILES; i++) {
		data->files[i] = -1;
		data->ends[i] = -1;
	}
	if (pipe2(data->ends, O_CLOEXEC) != 0)
		return reaim_fail(job, "pipe2: %m");
	int error = open_file(job, data, FROM);
	if (error == REAIM_OK)
		error = open_file(job, data, TO);
	return error;
}

static void teardown(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	for (unsigned int i = 0; i < FILES; i++) {
		if (data->views[i] != NULL)
			(void)munmap(data->views[i], FILE_BYTES);
		if (data->files[i] >= 0)
			(void)close(data->files[i]);
		if (data->ends[i] >= 0)
			(void)close(data->ends[i]);
	}
}

/* What came into the pipe, and all of it, goes out before more comes in. */
static int drain(struct reaim_job *job, const struct data *data, off_t *to, size_t in_pipe)
{
	while (in_pipe > 0) {
		ssize_t out =
			splice(data->ends[0], NULL, data->files[TO], to, in_pipe, SPLICE_F_MOVE);
		if (out < 0)
			return reaim_fail(job, "splice out of a pipe: %m");
		if (out == 0)
			return reaim_fail(job, "splice: the pipe is empty with %zu bytes missing",
					  in_pipe);
		in_pipe -= (size_t)out;
		reaim_did(job, (uint64_t)out);
	}
	return REAIM_OK;
}

static int move_file(struct reaim_job *job, const struct data *data)
{
	off_t from = 0;
	off_t to = 0;
	int error = REAIM_OK;

	while (from < FILE_BYTES && error == REAIM_OK) {
		ssize_t in = splice(data->files[FROM], &from, data->ends[1], NULL, SPLICE_BYTES,
				    SPLICE_F_MOVE);
		if (in < 0)
			return reaim_fail(job, "splice into a pipe: %m");
		if (in == 0)
			return reaim_fail(job, "splice: the file ends at offset %lld",
					  (long long)from);
		error = drain(job, data, &to, (size_t)in);
	}
	return error;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (unsigned int round = 0; round < ROUNDS && error == REAIM_OK; round++) {
		uint64_t key = reaim_random(job);
		for (size_t i = 0; i < FILE_BYTES / sizeof(key); i++)
			data->views[FROM][i] = key + i;
		error = move_file(job, data);
		if (error == REAIM_OK &&
		    memcmp(data->views[FROM], data->views[TO], FILE_BYTES) != 0)
			error = reaim_fail(job, "the file spliced differs from its source");
	}
	return error;
}

static const struct reaim_op pipe_splice = {
	.name = "pipe_splice",
	.unit = "Splices through a Pipe (K)",
	.doc = "Splices a file of 1 MiB in memory into a pipe and from there into another, four times "
	       "with new contents. Both files must be equal each time.",
	.operations = (double)ROUNDS * FILE_BYTES / KIB,
	.work_per_job = (uint64_t)ROUNDS * FILE_BYTES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(pipe_splice);
