// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files without a name: made, sized, written through a mapping, sealed and read.
 * Source: memfd_create(2); fcntl(2), file sealing.
 */
#include "reaim_op.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 100, FILE_BYTES = 16 * 1024, WORDS = FILE_BYTES / sizeof(uint64_t) };

static int write_mapped(struct reaim_job *job, int fd, uint64_t key)
{
	uint64_t *words = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (words == MAP_FAILED)
		return reaim_fail(job, "mmap of a memfd: %m");
	for (size_t i = 0; i < WORDS; i++)
		words[i] = key + i;
	if (munmap(words, FILE_BYTES) != 0)
		return reaim_fail(job, "munmap of a memfd: %m");
	return REAIM_OK;
}

static int seal(struct reaim_job *job, int fd)
{
	char byte = 0;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		return reaim_fail(job, "seal a memfd: %m");
	if (pwrite(fd, &byte, 1, 0) >= 0)
		return reaim_fail(job, "a sealed memfd was written to");
	if (errno != EPERM)
		return reaim_fail(job, "write to a sealed memfd: %m, not EPERM");
	return REAIM_OK;
}

static int check(struct reaim_job *job, int fd, uint64_t key)
{
	uint64_t words[WORDS];
	ssize_t got = pread(fd, words, sizeof(words), 0);

	if (got < 0)
		return reaim_fail(job, "read a memfd: %m");
	if (got != (ssize_t)sizeof(words))
		return reaim_fail(job, "read a memfd: %zd of %zu bytes", got, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		if (words[i] != key + i)
			return reaim_fail(job, "a memfd does not hold what was written");
	reaim_did(job, 1);
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	int error = REAIM_OK;

	for (unsigned int i = 0; i < FILES && error == REAIM_OK; i++) {
		uint64_t key = reaim_random(job);
		int fd = memfd_create("reaim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0)
			return reaim_fail(job, "memfd_create: %m");
		if (ftruncate(fd, FILE_BYTES) != 0)
			error = reaim_fail(job, "ftruncate of a memfd: %m");
		if (error == REAIM_OK)
			error = write_mapped(job, fd, key);
		if (error == REAIM_OK)
			error = seal(job, fd);
		if (error == REAIM_OK)
			error = check(job, fd, key);
		if (close(fd) != 0)
			error = reaim_fail(job, "close a memfd: %m");
	}
	return error;
}

static const struct reaim_op memfd = {
	.name = "memfd",
	.unit = "Sealed Memory Files",
	.doc = "Makes 100 files of 16 KiB in memory, writes each through a mapping, seals it and reads "
	       "it. All bytes must be there, and a write after the seal must be refused.",
	.operations = FILES,
	.work_per_job = FILES,
	.run = run,
};
REAIM_REGISTER(memfd);
