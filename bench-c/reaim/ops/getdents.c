// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A directory of 500 names read to its end by the system call, without a library's buffering.
 * Source: getdents64(2).
 */
#include "reaim_op.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES = 500, ROUNDS = 20, BUFFER_BYTES = 16 * 1024, NAME_BYTES = 24, PATH_BYTES = 4096 };

#define NAME_PREFIX "entry_"
enum { PREFIX_LENGTH = sizeof(NAME_PREFIX) - 1, DIGITS = 3 };

struct data {
	int fd;
	unsigned int made;
	char path[PATH_BYTES];
	union {
		char bytes[BUFFER_BYTES];
		struct dirent64 align;
	} buffer;
};

static void name_of(unsigned int number, char *name)
{
	(void)snprintf(name, NAME_BYTES, NAME_PREFIX "%0*u", DIGITS, number);
}

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	char name[NAME_BYTES];

	data->fd = -1;
	int error = reaim_path(job, "entries", data->path, sizeof(data->path));
	if (error != REAIM_OK)
		return error;
	if (mkdir(data->path, 0700) != 0)
		return reaim_fail(job, "mkdir %s: %m", data->path);
	data->fd = open(data->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data->fd < 0)
		return reaim_fail(job, "open %s: %m", data->path);
	for (; data->made < ENTRIES; data->made++) {
		name_of(data->made, name);
		int fd = openat(data->fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			return reaim_fail(job, "create %s/%s: %m", data->path, name);
		(void)close(fd);
	}
	return REAIM_OK;
}

static void teardown(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	char name[NAME_BYTES];

	for (; data->made > 0; data->made--) {
		name_of(data->made - 1, name);
		(void)unlinkat(data->fd, name, 0);
	}
	if (data->fd >= 0)
		(void)close(data->fd);
	if (data->path[0] != '\0')
		(void)rmdir(data->path);
}

/* ENTRIES for a name that is none of ours. By hand: a library's parsing would take longer than
 * the system calls. */
static unsigned int number_of(const char *name)
{
	unsigned int number = 0;

	if (strncmp(name, NAME_PREFIX, PREFIX_LENGTH) != 0 ||
	    strlen(name) != PREFIX_LENGTH + DIGITS)
		return ENTRIES;
	for (const char *digit = name + PREFIX_LENGTH; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return ENTRIES;
		number = 10 * number + (unsigned int)(*digit - '0');
	}
	return number < ENTRIES ? number : ENTRIES;
}

/* Marks the entry, which must be one of ours and new. */
static int mark(struct reaim_job *job, const struct data *data, const char *name, bool *seen)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return REAIM_OK;
	unsigned int number = number_of(name);
	if (number == ENTRIES)
		return reaim_fail(job, "%s holds %s, which nobody made", data->path, name);
	if (seen[number])
		return reaim_fail(job, "%s gave %s twice", data->path, name);
	seen[number] = true;
	reaim_did(job, 1);
	return REAIM_OK;
}

static int read_directory(struct reaim_job *job, struct data *data)
{
	bool seen[ENTRIES] = {false};
	int error = REAIM_OK;

	if (lseek(data->fd, 0, SEEK_SET) != 0)
		return reaim_fail(job, "rewind %s: %m", data->path);
	while (error == REAIM_OK) {
		ssize_t got = getdents64(data->fd, data->buffer.bytes, sizeof(data->buffer.bytes));
		if (got < 0)
			return reaim_fail(job, "getdents64 %s: %m", data->path);
		if (got == 0)
			break;
		for (ssize_t at = 0; at < got && error == REAIM_OK;) {
			const struct dirent64 *entry = (const void *)(data->buffer.bytes + at);
			error = mark(job, data, entry->d_name, seen);
			at += entry->d_reclen;
		}
	}
	return error;
}

static int run(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (unsigned int round = 0; round < ROUNDS && error == REAIM_OK; round++)
		error = read_directory(job, data);
	return error;
}

static const struct reaim_op getdents = {
	.name = "getdents",
	.unit = "Directory Entries",
	.doc = "Reads a directory of 500 files with getdents64() 20 times. Each name must come, and only "
	       "once.",
	.operations = ENTRIES * ROUNDS,
	.work_per_job = ENTRIES * ROUNDS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(getdents);
