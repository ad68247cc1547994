// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_moving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILL = 'k', WRONG = 'x', SMALLEST_PIPE_PAGE = 4096 };
enum { KIB = 1024, FILES_PER_MEMORY = 5 }; /* two files and a buffer use half of it */

/* Memory files have no limit of their own but the machine's memory. */
static bool fits_in_memory(size_t bytes)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long available_kib = 0;

	if (file == NULL)
		return true;
	while (available_kib == 0 && fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(line, "MemAvailable: %lu kB", &available_kib);
	(void)fclose(file);
	return available_kib == 0 || bytes / KIB <= available_kib / FILES_PER_MEMORY;
}

static int open_file(struct bench_state *state, bool on_disk, const char *name)
{
	if (!on_disk)
		return memfd_create(name, MFD_CLOEXEC);
	const char *directory = bench_directory(state);
	if (directory == NULL)
		return -1;
	int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(at, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int error = errno;
	(void)close(at);
	errno = error;
	return fd;
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

int bench_moving_file(struct bench_state *state, bool on_disk, const char *name, size_t bytes,
		      int *error)
{
	*error = BENCH_OK;
	if (!fits_in_memory(bytes)) {
		*error = bench_skip(state, "too little memory for files of %zu bytes", bytes);
		return -1;
	}
	int fd = open_file(state, on_disk, name);
	if (fd < 0) {
		*error = errno == ENOSYS && !on_disk
				 ? bench_skip(state, "no memfd_create: needs CONFIG_MEMFD_CREATE")
				 : bench_fail(state, "cannot make a file: %s", strerror(errno));
		return -1;
	}
	if (fill(fd, bytes))
		return fd;
	*error = errno == ENOSPC || errno == EFBIG
			 ? bench_skip(state, "no room for a file of %zu bytes", bytes)
			 : bench_fail(state, "cannot write a file: %s", strerror(errno));
	(void)close(fd);
	return -1;
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

bool bench_moving_arrived(int file, size_t bytes)
{
	const unsigned char wrong = WRONG;
	unsigned char last = 0;
	off_t at = (off_t)bytes - 1;

	return pread(file, &last, 1, at) == 1 && last == FILL && pwrite(file, &wrong, 1, at) == 1;
}
