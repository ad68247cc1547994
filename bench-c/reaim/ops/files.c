// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * creat_clo, link_test, dir_rtns_1: names of files come and go, and are listed. No data is
 * written. Source: creat(2), link(2), unlink(2), readdir(3).
 */
#include "reaim_op.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_CREATED = 1000,

	LINK_ROUNDS = 9,
	LINKS_PER_ROUND = 7,
	LINK_PAIRS = LINK_ROUNDS * LINKS_PER_ROUND,

	/* One round: opendir, four passes of 23 entries and the end, three rewinddir between. */
	DIRECTORY_ROUNDS = 100,
	PASSES = 4,
	ENTRIES = 23, /* "." and ".." among them */
	FILES_LISTED = ENTRIES - 2,
	DIRECTORY_CALLS = DIRECTORY_ROUNDS * (1 + PASSES * (ENTRIES + 1) + PASSES - 1),

	SUFFIX_BYTES = 16,
};

static int create(struct reaim_job *job, const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (descriptor < 0)
		return reaim_fail(job, "creation of %s: %m", path);
	if (close(descriptor) != 0)
		return reaim_fail(job, "close of %s: %m", path);
	return REAIM_OK;
}

static int creat_clo_run(struct reaim_job *job)
{
	char path[PATH_MAX];
	int status = reaim_path(job, "created", path, sizeof(path));

	for (int i = 0; i < FILES_CREATED && status == REAIM_OK; i++) {
		status = create(job, path);
		if (status != REAIM_OK)
			break;
		reaim_did(job, 1);
		if (unlink(path) != 0)
			status = reaim_fail(job, "unlink %s: %m", path);
	}
	return status;
}

/* The file's own count of its names is the proof. */
static int expect_names(struct reaim_job *job, const char *path, unsigned expected)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return reaim_fail(job, "stat %s: %m", path);
	if (status.st_nlink != expected)
		return reaim_fail(job, "%s has %u names instead of %u", path,
				  (unsigned)status.st_nlink, expected);
	return REAIM_OK;
}

static void name_link(char *link_path, const char *path, int number)
{
	(void)snprintf(link_path, PATH_MAX + SUFFIX_BYTES, "%s.%d", path, number);
}

/* Whatever went wrong, the names made so far go. */
static int link_round(struct reaim_job *job, const char *path)
{
	char link_path[PATH_MAX + SUFFIX_BYTES];
	int made = 0, status = REAIM_OK;

	while (made < LINKS_PER_ROUND && status == REAIM_OK) {
		name_link(link_path, path, made);
		if (link(path, link_path) == 0)
			made++;
		else
			status = reaim_fail(job, "link %s: %m", link_path);
	}
	if (status == REAIM_OK)
		status = expect_names(job, path, 1 + LINKS_PER_ROUND);
	for (int i = 0; i < made; i++) {
		name_link(link_path, path, i);
		if (unlink(link_path) != 0)
			status = reaim_fail(job, "unlink %s: %m", link_path);
	}
	if (status == REAIM_OK)
		status = expect_names(job, path, 1);
	if (status == REAIM_OK)
		reaim_did(job, LINKS_PER_ROUND);
	return status;
}

static int link_run(struct reaim_job *job)
{
	char path[PATH_MAX];
	int status = reaim_path(job, "linked", path, sizeof(path));

	if (status == REAIM_OK)
		status = create(job, path);
	if (status != REAIM_OK)
		return status;
	for (int i = 0; i < LINK_ROUNDS && status == REAIM_OK; i++)
		status = link_round(job, path);
	if (unlink(path) != 0 && status == REAIM_OK)
		status = reaim_fail(job, "unlink %s: %m", path);
	return status;
}

struct directory {
	char path[PATH_MAX];
};

static void name_file(char *file_path, const struct directory *directory, int number)
{
	(void)snprintf(file_path, PATH_MAX + SUFFIX_BYTES, "%s/%d", directory->path, number);
}

static int dir_setup(struct reaim_job *job)
{
	struct directory *directory = reaim_data(job);
	char file_path[PATH_MAX + SUFFIX_BYTES];
	int status = reaim_path(job, "listed", directory->path, sizeof(directory->path));

	if (status == REAIM_OK && mkdir(directory->path, 0700) != 0)
		status = reaim_fail(job, "mkdir %s: %m", directory->path);
	for (int i = 0; i < FILES_LISTED && status == REAIM_OK; i++) {
		name_file(file_path, directory, i);
		status = create(job, file_path);
	}
	return status;
}

static void dir_teardown(struct reaim_job *job)
{
	const struct directory *directory = reaim_data(job);
	char file_path[PATH_MAX + SUFFIX_BYTES];

	if (directory->path[0] == '\0') /* setup did not come so far */
		return;
	for (int i = 0; i < FILES_LISTED; i++) {
		name_file(file_path, directory, i);
		(void)unlink(file_path);
	}
	(void)rmdir(directory->path);
}

/* Each of the entries once, then the end. */
static int list(struct reaim_job *job, DIR *stream)
{
	uint64_t calls = 0;
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(stream);
		calls++;
	} while (entry != NULL);
	if (errno != 0)
		return reaim_fail(job, "readdir: %m");
	if (calls != ENTRIES + 1)
		return reaim_fail(job, "the directory lists %d entries instead of %d",
				  (int)calls - 1, ENTRIES);
	reaim_did(job, calls);
	return REAIM_OK;
}

static int dir_round(struct reaim_job *job, const char *path)
{
	int status = REAIM_OK;
	DIR *stream = opendir(path);

	if (stream == NULL)
		return reaim_fail(job, "opendir %s: %m", path);
	for (int pass = 0; pass < PASSES && status == REAIM_OK; pass++) {
		if (pass > 0)
			rewinddir(stream);
		reaim_did(job, 1); /* opendir() or rewinddir() */
		status = list(job, stream);
	}
	if (closedir(stream) != 0 && status == REAIM_OK)
		status = reaim_fail(job, "closedir: %m");
	return status;
}

static int dir_run(struct reaim_job *job)
{
	const struct directory *directory = reaim_data(job);
	int status = REAIM_OK;

	for (int i = 0; i < DIRECTORY_ROUNDS && status == REAIM_OK; i++)
		status = dir_round(job, directory->path);
	return status;
}

static const struct reaim_op creat_clo = {
	.name = "creat_clo",
	.unit = "File Creations and Closes",
	.doc = "Creates an empty file that must not exist and closes it, 1,000 times. It is unlinked "
	       "each time, so that each creation is one; the unlinks do not count.",
	.operations = FILES_CREATED,
	.work_per_job = FILES_CREATED,
	.run = creat_clo_run,
};
REAIM_REGISTER(creat_clo);

static const struct reaim_op link_test = {
	.name = "link_test",
	.unit = "Link/Unlink Pairs",
	.doc = "Gives a file seven more names with link() and takes them away with unlink(), nine "
	       "times: 63 pairs. The file's own count of names must be eight and one.",
	.operations = LINK_PAIRS,
	.work_per_job = LINK_PAIRS,
	.run = link_run,
};
REAIM_REGISTER(link_test);

static const struct reaim_op dir_rtns_1 = {
	.name = "dir_rtns_1",
	.unit = "Directory Operations",
	.doc = "Lists a directory of its own with 23 entries: opendir(), readdir() to the end four "
	       "times, rewinddir() in between, closedir(). 100 times 100 calls; closedir() does not "
	       "count. Each pass must show all entries.",
	.operations = DIRECTORY_CALLS,
	.work_per_job = DIRECTORY_CALLS,
	.data_size = sizeof(struct directory),
	.setup = dir_setup,
	.run = dir_run,
	.teardown = dir_teardown,
};
REAIM_REGISTER(dir_rtns_1);
