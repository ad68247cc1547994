/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Library functions that fail when told to. They stand before the C library's, which they call
 * otherwise; a program that includes this header, once, gets them.
 */
#ifndef KDYNO_TEST_FAULTS_H
#define KDYNO_TEST_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *fault; /* NULL: none */
	unsigned after;
	int seconds_slept;
} armed;

/* From the call after the next `after` ones on, the fault shows; NULL disarms. */
static inline void fault_arm(const char *fault, unsigned after)
{
	armed.fault = fault;
	armed.after = after;
	armed.seconds_slept = 0;
}

static inline int fault_seconds_slept(void)
{
	return armed.seconds_slept;
}

static inline bool fault_shows(const char *fault)
{
	if (armed.fault == NULL || strcmp(armed.fault, fault) != 0)
		return false;
	if (armed.after == 0)
		return true;
	armed.after--;
	return false;
}

/* The function of the same name and type that comes after this one. */
#define NEXT(function_) ((__typeof__(&function_))dlsym(RTLD_NEXT, #function_))

ssize_t read(int from, void *bytes, size_t size)
{
	if (fault_shows("close_in_read"))
		(void)close(from);
	ssize_t count = NEXT(read)(from, bytes, size);
	if (count > 0 && fault_shows("change_what_is_read"))
		((unsigned char *)bytes)[count / 2] ^= 1;
	return count;
}

ssize_t write(int to, const void *bytes, size_t size)
{
	if (fault_shows("close_in_write"))
		(void)close(to);
	return NEXT(write)(to, bytes, size);
}

int link(const char *from, const char *to)
{
	if (fault_shows("lose_a_link"))
		return 0;
	if (fault_shows("link")) {
		errno = EMLINK;
		return -1;
	}
	return NEXT(link)(from, to);
}

int kill(pid_t pid, int signal_number)
{
	return fault_shows("lose_a_signal") ? 0 : NEXT(kill)(pid, signal_number);
}

pid_t fork(void)
{
	if (!fault_shows("fork"))
		return NEXT(fork)();
	errno = EAGAIN;
	return -1;
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
	if (!fault_shows("execve"))
		return NEXT(execve)(path, arguments, environment);
	errno = EACCES;
	return -1;
}

int shmget(key_t key, size_t size, int flags)
{
	if (!fault_shows("shmget"))
		return NEXT(shmget)(key, size, flags);
	errno = ENOSPC;
	return -1;
}

int semget(key_t key, int count, int flags)
{
	if ((flags & IPC_CREAT) == 0 || !fault_shows("semget"))
		return NEXT(semget)(key, count, flags);
	errno = ENOSPC;
	return -1;
}

int semop(int semaphores, struct sembuf *steps, size_t count)
{
	if (fault_shows("die_in_semop"))
		(void)raise(SIGKILL);
	if (!fault_shows("semop"))
		return NEXT(semop)(semaphores, steps, count);
	errno = EIDRM;
	return -1;
}

int semctl(int semaphores, int number, int command, ...)
{
	unsigned long argument = 0;
	va_list list;

	va_start(list, command);
	if (command != IPC_RMID)
		argument = va_arg(list, unsigned long);
	va_end(list);
	if (!fault_shows("no_semaphores"))
		return NEXT(semctl)(semaphores, number, command, argument);
	errno = ENOSYS;
	return -1;
}

void *shmat(int segment, const void *address, int flags)
{
	if (fault_shows("die_in_shmat"))
		(void)raise(SIGKILL);
	return NEXT(shmat)(segment, address, flags);
}

int access(const char *path, int mode)
{
	if (strcmp(path, "/bin/sh") != 0 || !fault_shows("no_shell"))
		return NEXT(access)(path, mode);
	errno = ENOENT;
	return -1;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	armed.seconds_slept += (int)wanted->tv_sec;
	return 0;
}

void qsort(void *elements, size_t count, size_t size, __compar_fn_t compare)
{
	if (!fault_shows("do_not_sort"))
		NEXT(qsort)(elements, count, size, compare);
}

double sin(double angle)
{
	return NEXT(sin)(angle) + (fault_shows("wrong_sine") ? 1e-6 : 0);
}

double exp(double exponent)
{
	return NEXT(exp)(exponent) * (fault_shows("wrong_exponential") ? 1 + 1e-6 : 1);
}

#endif
