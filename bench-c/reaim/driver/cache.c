// SPDX-License-Identifier: GPL-2.0-or-later
#include "cache.h"

#include "complain.h"
#include "crew.h"
#include "reaim_op.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef REAIM_DROP_CACHES /* the tests' program has one of its own */
#define REAIM_DROP_CACHES "/proc/sys/vm/drop_caches"
#endif

enum { CHUNK_BYTES = 1 << 20 };

static uint64_t memory_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t cache_share(double fraction, size_t users)
{
	return (uint64_t)(fraction * (double)memory_bytes() / (double)users);
}

static int check_room(const char *path, int fd, uint64_t bytes)
{
	struct statvfs room;

	if (fstatvfs(fd, &room) != 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	uint64_t free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (free_bytes < bytes)
		return complain(EXIT_FAILED,
				"the common file needs %" PRIu64
				" MiB, the first disk directory has "
				"%" PRIu64 "; give --common-file a size or another directory",
				bytes >> 20, free_bytes >> 20);
	return EXIT_DONE;
}

static int write_chunk(int fd, const uint64_t *words, size_t bytes)
{
	const char *at = (const char *)words;

	while (bytes > 0) {
		ssize_t written = write(fd, at, bytes);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		bytes -= (size_t)written;
	}
	return 0;
}

static int write_pattern(int fd, uint64_t bytes)
{
	uint64_t *words = malloc(CHUNK_BYTES);
	int status = words == NULL ? -1 : 0;

	for (uint64_t offset = 0; status == 0 && offset < bytes; offset += CHUNK_BYTES) {
		uint64_t left = bytes - offset;
		size_t size = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		for (size_t i = 0; i < CHUNK_BYTES / sizeof(*words); i++)
			words[i] = reaim_common_word(offset + i * sizeof(*words));
		status = write_chunk(fd, words, size);
		if (status == 0 && event_is_interrupt_pending()) {
			errno = EINTR;
			status = -1;
		}
	}
	free(words);
	return status;
}

static int make_common_file(struct scratch *scratch, uint64_t bytes)
{
	char *path = scratch->common_file;

	if (snprintf(path, SCRATCH_PATH_SIZE, "%s/common", scratch->directories[0].path) >=
	    SCRATCH_PATH_SIZE)
		return complain(EXIT_FAILED, "common file: the path is too long");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	int status = check_room(path, fd, bytes);
	if (status == EXIT_DONE &&
	    (write_pattern(fd, bytes) != 0 || (fsync(fd) != 0 && errno != EINVAL)))
		status = complain(EXIT_FAILED, "common file %s: %s", path, strerror(errno));
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (close(fd) != 0 && status == EXIT_DONE)
		status = complain(EXIT_FAILED, "common file %s: %s", path, strerror(errno));
	return status;
}

static int find_source_tree(struct scratch *scratch, const char *given)
{
	char *path = scratch->source_tree;
	struct stat facts;

	if (given != NULL) {
		char resolved[PATH_MAX];
		if (realpath(given, resolved) == NULL || stat(resolved, &facts) != 0 ||
		    !S_ISDIR(facts.st_mode))
			return complain(EXIT_FAILED, "source tree %s: no such directory", given);
		if (snprintf(path, SCRATCH_PATH_SIZE, "%s", resolved) >= SCRATCH_PATH_SIZE)
			return complain(EXIT_FAILED, "source tree: the path is too long");
		return EXIT_DONE;
	}
	if (snprintf(path, SCRATCH_PATH_SIZE, "%s/tree", scratch->directories[0].path) >=
	    SCRATCH_PATH_SIZE)
		return complain(EXIT_FAILED, "source tree: the path is too long");
	if (tree_make(path) != 0)
		return complain(EXIT_FAILED, "source tree %s: %s", path, strerror(errno));
	return EXIT_DONE;
}

int cache_make_files(struct scratch *scratch, const struct settings *settings)
{
	uint64_t bytes = settings->common_bytes;
	int status = find_source_tree(scratch, settings->source_tree);

	if (status != EXIT_DONE || !settings->common_file)
		return status;
	return make_common_file(scratch, bytes > 0 ? bytes : memory_bytes() / 4 * 5);
}

static int drop_common_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	int error = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
	return error;
}

int cache_drop(const struct scratch *scratch)
{
	bool has_common_file = scratch->common_file[0] != '\0';
	int error = has_common_file ? drop_common_file(scratch->common_file) : 0;
	int fd = open(REAIM_DROP_CACHES, O_WRONLY | O_CLOEXEC);
	bool dropped = fd >= 0 && write(fd, "1", 1) == 1;
	int all_error = errno;

	if (fd >= 0)
		(void)close(fd);
	if (error != 0)
		return complain(EXIT_FAILED, "--drop-cache: %s: %s", scratch->common_file,
				strerror(error));
	if (dropped || has_common_file)
		return EXIT_DONE;
	return complain(EXIT_FAILED,
			"--drop-cache needs root or --common-file: " REAIM_DROP_CACHES ": %s",
			strerror(all_error));
}
