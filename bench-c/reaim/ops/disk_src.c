// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Directory searches: names of a source tree are looked up by reading their directory until
 * they are met and then by their path from the root of the tree.
 * Why: the path is resolved by the kernel's cache of directory entries, and reading the
 * directory is what find and make do.
 * Source: White, "Performance Testing the Linux Kernel" (OLS 2003), section 3.4: disk_src.
 */
#include "disk_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The walk ends at a limit: a tree may be a whole disk. */
enum { NAMES = 100, SEARCHES = 75, WALK_MAX = 100000 };

struct name {
	ino_t inode;
	char path[DISK_PATH_BYTES]; /* from the root of the tree */
};

struct search {
	int root;
	size_t count;
	struct name *names;
};

/* Each entry of the tree is kept with the same chance, however many there are (reservoir). The
 * same tree and seed give the same names. */
static void keep(struct reaim_job *job, struct search *search, uint64_t seen, const char *path,
		 ino_t inode)
{
	uint64_t place = search->count < NAMES ? search->count : reaim_random_below(job, seen + 1);

	if (place >= NAMES || strlen(path) >= DISK_PATH_BYTES)
		return;
	(void)strcpy(search->names[place].path, path);
	search->names[place].inode = inode;
	if (search->count < NAMES)
		search->count++;
}

/* In the order of names: that of a directory differs from one file system to the next. */
static int by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

static int walk(struct reaim_job *job, struct search *search, const char *tree)
{
	char root[DISK_PATH_BYTES];
	char *roots[] = {root, NULL};
	uint64_t seen = 0;

	if (strlen(tree) >= sizeof(root))
		return reaim_fail(job, "the path of the source tree is too long");
	(void)strcpy(root, tree);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
	if (fts == NULL)
		return reaim_fail(job, "walk %s: %m", tree);
	while (seen < WALK_MAX) {
		errno = 0;
		const FTSENT *entry = fts_read(fts);
		if (entry == NULL)
			break;
		bool known = entry->fts_info == FTS_F || entry->fts_info == FTS_D ||
			     entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE;
		if (!known || entry->fts_level == FTS_ROOTLEVEL)
			continue;
		const char *below = entry->fts_path + strlen(root);
		keep(job, search, seen++, below + strspn(below, "/"), entry->fts_statp->st_ino);
	}
	int error = seen < WALK_MAX ? errno : 0; /* 0 at the end of the tree */
	(void)fts_close(fts);
	errno = error;
	if (error != 0)
		return reaim_fail(job, "walk %s: %m", tree);
	if (search->count == 0)
		return reaim_fail(job, "nothing to search in the source tree %s", tree);
	return REAIM_OK;
}

/* 1 if the directory holds the name, 0 if not, -1 with errno. */
static int meet(int root, const char *directory, const char *name)
{
	int fd = openat(root, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int met = 0;

	if (stream == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	errno = 0;
	while (met == 0) {
		const struct dirent *entry = readdir(stream);
		if (entry == NULL)
			break;
		met = strcmp(entry->d_name, name) == 0;
	}
	if (met == 0 && errno != 0)
		met = -1;
	(void)closedir(stream);
	return met;
}

static int search_one(struct reaim_job *job, const struct search *search, const struct name *name)
{
	char directory[DISK_PATH_BYTES];
	struct stat facts;

	(void)strcpy(directory, name->path);
	char *slash = strrchr(directory, '/');
	if (slash != NULL)
		*slash = '\0';
	const char *last = slash != NULL ? name->path + (slash + 1 - directory) : name->path;
	int met = meet(search->root, slash != NULL ? directory : ".", last);
	if (met < 0)
		return reaim_fail(job, "search for %s in the source tree: %m", name->path);
	if (met == 0)
		return reaim_fail(job, "%s is gone from the source tree", name->path);
	if (fstatat(search->root, name->path, &facts, AT_SYMLINK_NOFOLLOW) != 0)
		return reaim_fail(job, "stat %s in the source tree: %m", name->path);
	if (facts.st_ino != name->inode)
		return reaim_fail(job, "%s in the source tree is another file now", name->path);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int setup(struct reaim_job *job)
{
	struct search *search = reaim_data(job);
	const char *tree = reaim_source_tree(job);

	search->root = -1;
	if (tree == NULL)
		return reaim_skip(job, "no source tree");
	search->root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (search->root < 0)
		return reaim_fail(job, "source tree %s: %m", tree);
	search->names = disk_alloc(job, NAMES * sizeof(*search->names));
	if (search->names == NULL)
		return REAIM_ERROR;
	return walk(job, search, tree);
}

/* 75 different names of 100, in an order of their own each time; a small tree gives some twice. */
static int run(struct reaim_job *job)
{
	const struct search *search = reaim_data(job);
	unsigned char order[NAMES];
	int error = REAIM_OK;

	for (size_t i = 0; i < search->count; i++)
		order[i] = (unsigned char)i;
	for (size_t i = 0; i < SEARCHES && error == REAIM_OK; i++) {
		size_t at = i % search->count;
		size_t other = at + (size_t)reaim_random_below(job, search->count - at);
		unsigned char chosen = order[other];
		order[other] = order[at];
		order[at] = chosen;
		error = search_one(job, search, &search->names[chosen]);
	}
	return error;
}

static void teardown(struct reaim_job *job)
{
	struct search *search = reaim_data(job);

	if (search->root >= 0)
		(void)close(search->root);
	disk_free(search->names, NAMES * sizeof(*search->names));
	search->names = NULL;
}

static const struct reaim_op disk_src = {
	.name = "disk_src",
	.unit = "Directory Searches",
	.doc = "Searches the source tree for 75 of up to 100 names chosen before the pass: reads the "
	       "name's directory until it is met, then looks it up by its path. It must be the file "
	       "that was there before.",
	.operations = SEARCHES,
	.work_per_job = SEARCHES,
	.data_size = sizeof(struct search),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(disk_src);
