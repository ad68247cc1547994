// SPDX-License-Identifier: GPL-2.0-or-later
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe or a device cannot be replaced, it is written to. */
static bool is_special(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
}

static int check_target(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat facts;

	if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (is_special(path))
		return access(path, W_OK);
	if (slash == NULL)
		return access(".", W_OK);
	size_t length = slash == path ? 1 : (size_t)(slash - path);
	if (length >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, path, length);
	directory[length] = '\0';
	return access(directory, W_OK);
}

/* The stream has no name, so nothing is left over when the program is killed. */
int atomic_file_open(struct atomic_file *file, const char *path)
{
	*file = (struct atomic_file){.path = path};
	if (check_target(path) != 0)
		return -1;
	file->stream = tmpfile();
	if (file->stream == NULL)
		return -1;
	(void)fcntl(fileno(file->stream), F_SETFD, FD_CLOEXEC);
	return 0;
}

static int copy(FILE *from, int to)
{
	char block[64 * 1024];
	size_t got;

	rewind(from);
	do {
		got = fread(block, 1, sizeof(block), from);
		for (size_t written = 0; written < got;) {
			ssize_t now = write(to, block + written, got - written);
			if (now < 0)
				return -1;
			written += (size_t)now;
		}
	} while (got > 0);
	return ferror(from) ? -1 : 0;
}

static int replace(FILE *from, const char *path)
{
	char beside[PATH_MAX];

	if (snprintf(beside, sizeof(beside), "%s.%d", path, (int)getpid()) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	int error = copy(from, fd);
	if (error == 0)
		error = fsync(fd);
	int saved = errno;
	(void)close(fd);
	if (error == 0)
		return rename(beside, path);
	(void)unlink(beside);
	errno = saved;
	return -1;
}

static int overwrite(FILE *from, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	int error = copy(from, fd);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return error;
}

int atomic_file_commit(struct atomic_file *file)
{
	int error = -1;

	if (fflush(file->stream) == 0 && !ferror(file->stream))
		error = is_special(file->path) ? overwrite(file->stream, file->path)
					       : replace(file->stream, file->path);
	int saved = errno;
	atomic_file_drop(file);
	errno = saved;
	return error;
}

void atomic_file_drop(struct atomic_file *file)
{
	if (file->stream != NULL)
		(void)fclose(file->stream);
	file->stream = NULL;
}
