/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks of kernel entry share. */
#ifndef KDYNO_BENCH_ENTRY_H
#define KDYNO_BENCH_ENTRY_H

#include "bench.h"

enum { BENCH_PATH_SIZE = 4096 };

/* The text parameter that bench_subject() asks for. */
#define BENCH_SUBJECT_PARAMETER                                                                    \
	{                                                                                          \
		.name = "path", .about = "the file; not given: a new empty one", .text = ""        \
	}

/* The path of the file to look up: the parameter "path" or a new empty file. */
int bench_subject(struct bench_state *state, char path[BENCH_PATH_SIZE]);
/* ... and its inode's number. */
int bench_subject_inode(struct bench_state *state, char path[BENCH_PATH_SIZE], uint64_t *inode);

/* Data of a benchmark that uses these callbacks begin with it. */
struct bench_calls {
	uint64_t answered; /* rightly */
	int fd;		   /* that teardown closes; 0: setup did not come so far */
};
uint64_t bench_calls_work(struct bench_state *state);
void bench_calls_teardown(struct bench_state *state);

/* A file in memory without a name, or skip. */
int bench_memory_file(struct bench_state *state, int *fd);

/* A function of the vDSO, or NULL: NULL too on a kernel that maps none. */
void *bench_vdso(const char *name);

/* The system call instruction itself, for calls without arguments. Returns what the kernel
 * does: a negated error number, not errno. */
static inline long bench_enter(long number)
{
#if defined(__x86_64__)
	long answer;

	__asm__ volatile("syscall" : "=a"(answer) : "0"(number) : "rcx", "r11", "cc", "memory");
	return answer;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = 0;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "cc", "memory");
	return x0;
#else
#error "the system call instruction of this machine is not known here"
#endif
}

#endif
