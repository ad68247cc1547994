/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More library functions that fail when told to, for what operations ask of disks and of
 * today's kernels; and a record of what disk operations asked for.
 */
#ifndef KDYNO_TEST_KERNEL_FAULTS_H
#define KDYNO_TEST_KERNEL_FAULTS_H

#include "faults.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct {
	unsigned syncs;	     /* calls of sync() */
	unsigned syncfs;     /* calls of syncfs() */
	unsigned queued;     /* calls that submit to aio or io_uring, or wait */
	long under_way;	     /* transfers of aio that were submitted and not yet reaped */
	int flags;	     /* of the descriptor last read from or written to at an offset */
	int descriptor;	     /* that one */
	size_t transfer;     /* bytes of the shortest and */
	size_t transfer_max; /* of the longest transfer */
} asked;

static inline void asked_reset(void)
{
	(void)memset(&asked, 0, sizeof(asked));
	asked.transfer = SIZE_MAX;
}

static inline void record(int fd, size_t size)
{
	asked.descriptor = fd;
	asked.flags |= fcntl(fd, F_GETFL);
	asked.transfer = size < asked.transfer ? size : asked.transfer;
	asked.transfer_max = size > asked.transfer_max ? size : asked.transfer_max;
}

void sync(void)
{
	asked.syncs++;
}

int syncfs(int fd)
{
	asked.syncfs++;
	if (!fault_shows("syncfs"))
		return NEXT(syncfs)(fd);
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
	record(fd, size);
	if (fault_shows("pread")) {
		errno = EIO;
		return -1;
	}
	if (fault_shows("truncate_in_pread"))
		(void)ftruncate(fd, offset);
	ssize_t count = NEXT(pread)(fd, bytes, size, offset);
	if (count > 0 && fault_shows("change_what_pread_reads"))
		((unsigned char *)bytes)[count - 1] ^= 0x80;
	return count;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	record(fd, size);
	if (fault_shows("refuse_pwrite")) {
		errno = EINVAL;
		return -1;
	}
	if (fault_shows("lose_a_pwrite") || (size == 1 && fault_shows("write_a_sealed_file")))
		return (ssize_t)size;
	return NEXT(pwrite)(fd, bytes, size, offset);
}

int statx(int directory, const char *restrict path, int flags, unsigned mask,
	  struct statx *restrict facts)
{
	int status = NEXT(statx)(directory, path, flags, mask, facts);

	if (fault_shows("sectors_of_4k"))
		facts->stx_dio_offset_align = 4096;
	if (fault_shows("no_direct_transfers"))
		facts->stx_dio_offset_align = 0;
	if (fault_shows("unknown_sectors"))
		facts->stx_mask &= ~STATX_DIOALIGN;
	return status;
}

int posix_fadvise(int fd, off_t offset, off_t size, int advice)
{
	return fault_shows("keep_in_cache") ? 0 : NEXT(posix_fadvise)(fd, offset, size, advice);
}

int mincore(void *start, size_t size, unsigned char *states)
{
	return fault_shows("nothing_in_core") ? 0 : NEXT(mincore)(start, size, states);
}

int getrusage(__rusage_who_t who, struct rusage *usage)
{
	static long faults;
	int status = NEXT(getrusage)(who, usage);

	if (fault_shows("count_nothing"))
		(void)memset(usage, 0, sizeof(*usage));
	if (fault_shows("count_many_faults"))
		usage->ru_minflt = faults += 512;
	return status;
}

void *mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (!fault_shows("mmap"))
		return NEXT(mmap)(start, size, protection, flags, fd, offset);
	errno = ENOMEM;
	return MAP_FAILED;
}

int madvise(void *start, size_t size, int advice)
{
	if (advice == MADV_DONTNEED && fault_shows("give_nothing_back"))
		return 0;
	return NEXT(madvise)(start, size, advice);
}

int sched_getcpu(void)
{
	return NEXT(sched_getcpu)() + (fault_shows("be_elsewhere") ? 1 : 0);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
		   void *argument)
{
	if (fault_shows("pthread_create"))
		return EAGAIN;
	return NEXT(pthread_create)(thread, attributes, body, argument);
}

int sigqueue(pid_t pid, int signal_number, const union sigval value)
{
	return fault_shows("lose_a_queued_signal") ? 0 : NEXT(sigqueue)(pid, signal_number, value);
}

ssize_t sendmsg(int socket_fd, const struct msghdr *header, int flags)
{
	struct msghdr without = *header;

	if (fault_shows("send_no_descriptor"))
		without.msg_controllen = 0;
	return NEXT(sendmsg)(socket_fd, &without, flags);
}

ssize_t splice(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size,
	       unsigned flags)
{
	if (fault_shows("splice_nothing"))
		return 0;
	return NEXT(splice)(from, from_offset, to, to_offset, size, flags);
}

/* The faults of system calls without a function: a name, what it hits, and what that returns. */
static const struct {
	const char *fault;
	long number;
	long result; /* negative: -errno */
} syscall_faults[] = {
	{"no_aio", SYS_io_setup, -ENOSYS},
	{"aio_used_up", SYS_io_setup, -EAGAIN},
	{"no_uring", SYS_io_uring_setup, -EPERM},
	{"uring_out_of_memory", SYS_io_uring_setup, -ENOMEM},
	{"no_clone3", SYS_clone3, -ENOSYS},
	{"refuse_clone3", SYS_clone3, -EPERM},
	{"clone3", SYS_clone3, -EAGAIN},
	{"futex", SYS_futex, -EINVAL},
	{"no_affinity", SYS_sched_setaffinity, -EPERM},
	{"stay_on_the_cpu", SYS_sched_setaffinity, 0},
};

long syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	for (size_t i = 0; i < sizeof(syscall_faults) / sizeof(syscall_faults[0]); i++) {
		if (syscall_faults[i].number != number || !fault_shows(syscall_faults[i].fault))
			continue;
		errno = (int)-syscall_faults[i].result;
		return syscall_faults[i].result < 0 ? -1 : 0;
	}
	if (number == SYS_futex && arguments[1] == FUTEX_WAIT_PRIVATE &&
	    fault_shows("never_wait")) {
		errno = EAGAIN;
		return -1;
	}
	if (number == SYS_io_submit || number == SYS_io_uring_enter) {
		/* The file under test has the number of the descriptor written just before. */
		asked.flags |= fcntl(asked.descriptor, F_GETFL);
		asked.queued++;
		if (fault_shows("truncate_in_queue"))
			(void)ftruncate(asked.descriptor, 0);
	}
	if (number == SYS_io_submit && fault_shows("submit_a_part")) {
		bool is_rest = arguments[1] == 1;
		arguments[1] -= 1;
		if (is_rest) {
			errno = EAGAIN;
			return -1;
		}
	}
	long result = NEXT(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3],
				    arguments[4], arguments[5]);
	if (number == SYS_io_submit || number == SYS_io_getevents)
		asked.under_way += number == SYS_io_submit ? result : -result;
	return result;
}

#endif
