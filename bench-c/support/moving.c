// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_moving.h"
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILL = 'k', WRONG = 'x', SMALLEST_PIPE_PAGE = 4096 };
enum { FILES_AND_BUFFER = 3, PATH_SIZE = 4096 };

/* Copies of a benchmark share the directory, so the name is a new one. */
static int open_file(struct bench_state *state, enum bench_moving_place place)
{
	char path[PATH_SIZE];

	if (place == BENCH_MOVE_IN_MEMORY)
		return memfd_create("kbench", MFD_CLOEXEC);
	const char *directory = bench_directory(state);
	if (directory == NULL)
		return -1;
	if (snprintf(path, sizeof(path), "%s/moved-XXXXXX", directory) >= PATH_SIZE) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkostemp(path, O_CLOEXEC);
}

static bool fill(int fd, size_t bytes)
{
	unsigned char *data = malloc(bytes);

	if (data == NULL)
		return false;
	memset(data, FILL, bytes);
	ssize_t written = pwrite(fd, data, bytes, 0);
	int error = written < 0 ? errno : ENOSPC;
	free(data);
	errno = error;
	return written == (ssize_t)bytes;
}

static int make_file(struct bench_state *state, enum bench_moving_place place, size_t bytes,
		     int *file)
{
	*file = open_file(state, place);
	if (*file < 0)
		return errno == ENOSYS && place == BENCH_MOVE_IN_MEMORY
			       ? bench_skip(state, "no memfd_create: needs CONFIG_MEMFD_CREATE")
			       : bench_fail(state, "cannot make a file: %s", strerror(errno));
	if (fill(*file, bytes))
		return BENCH_OK;
	return errno == ENOSPC || errno == EFBIG
		       ? bench_skip(state, "no room for a file of %zu bytes", bytes)
		       : bench_fail(state, "cannot write a file: %s", strerror(errno));
}

static bool arrived(int file, size_t bytes)
{
	const unsigned char wrong = WRONG;
	unsigned char last = 0;
	off_t at = (off_t)bytes - 1;

	return pread(file, &last, 1, at) == 1 && last == FILL && pwrite(file, &wrong, 1, at) == 1;
}

static int open_destination(struct bench_state *state, enum bench_moving_place place,
			    struct bench_moving *moving)
{
	if (moving->to_file) {
		int error = make_file(state, place, moving->bytes, &moving->to);
		if (error == 0)
			(void)arrived(moving->to, moving->bytes); /* not yet */
		return error;
	}
	moving->to = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return moving->to >= 0 ? BENCH_OK : bench_fail(state, "/dev/null: %s", strerror(errno));
}

int bench_moving_open(struct bench_state *state, enum bench_moving_place place, bool to_file)
{
	struct bench_moving *moving = bench_data(state);
	size_t bytes = (size_t)bench_value(state, "size_bytes");

	*moving = (struct bench_moving){
		.opened = true, .from = -1, .to = -1, .to_file = to_file, .bytes = bytes};
	bench_set_bytes_per_operation(state, bytes);
	int error = bench_memory_check(state, FILES_AND_BUFFER * bytes);
	if (error == 0)
		error = make_file(state, place, bytes, &moving->from);
	return error != 0 ? error : open_destination(state, place, moving);
}

int bench_moving_restore(struct bench_state *state, uint64_t iterations)
{
	const struct bench_moving *moving = bench_data(state);

	(void)iterations;
	if (!moving->to_file || arrived(moving->to, moving->bytes))
		return BENCH_OK;
	return bench_fail(state, "the data did not arrive");
}

uint64_t bench_moving_work(struct bench_state *state)
{
	const struct bench_moving *moving = bench_data(state);

	return moving->moved / moving->bytes;
}

void bench_moving_teardown(struct bench_state *state)
{
	struct bench_moving *moving = bench_data(state);

	if (!moving->opened)
		return;
	if (moving->from >= 0)
		(void)close(moving->from);
	if (moving->to >= 0)
		(void)close(moving->to);
}

int bench_moving_pipe(struct bench_state *state, int ends[2], size_t bytes)
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	size_t wanted = bytes < SMALLEST_PIPE_PAGE ? SMALLEST_PIPE_PAGE : bytes;
	if (fcntl(ends[1], F_GETPIPE_SZ) >= (int)wanted ||
	    fcntl(ends[1], F_SETPIPE_SZ, (int)wanted) >= (int)wanted)
		return BENCH_OK;
	if (errno == EPERM)
		return bench_skip(state, "a pipe of %zu bytes is more than fs.pipe-max-size allows",
				  bytes);
	return bench_fail(state, "cannot enlarge a pipe: %s", strerror(errno));
}
