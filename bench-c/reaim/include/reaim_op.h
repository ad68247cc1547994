/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of a sub-test, and the only header of reaim that a file in ops/ includes. An
 * operation does one job's worth of work and counts it where the work is done; the driver
 * owns users, order, clocks, histograms and output.
 */
#ifndef KDYNO_REAIM_OP_H
#define KDYNO_REAIM_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct reaim_job; /* one sub-test in one child; opaque to ops/ */

/* What an operation's functions return. Anything but REAIM_OK leaves the run without a figure. */
enum { REAIM_OK = 0, REAIM_ERROR = 1, REAIM_SKIP = 4 };

enum reaim_op_kind {
	REAIM_PLAIN, /* needs nothing but itself */
	REAIM_DISK,  /* works on a file of reaim_blocks() KiB in the directory of its turn */
};

struct reaim_op {
	const char *name; /* what a workfile calls it */
	const char *unit; /* "Thousand Double Precision Additions" */
	const char *doc;  /* what one job does and how it proves it, briefly */
	enum reaim_op_kind kind;
	double operations;	     /* per job, makes ops/s comparable */
	double operations_per_block; /* REAIM_DISK: per KiB of the child's file instead */
	uint64_t work_per_job;	     /* what run must reaim_did() per job; 0: op checks */
	size_t data_size;	     /* zeroed memory of its own, per child: reaim_data() */

	/* setup and teardown are optional, once per child, outside the measured interval. setup
	 * may end in reaim_skip(). run is one job. teardown runs after setup, whatever run said. */
	int (*setup)(struct reaim_job *job);
	int (*run)(struct reaim_job *job);
	void (*teardown)(struct reaim_job *job);
};

/* Makes an operation known. Nothing else needs an edit. */
#define REAIM_REGISTER(op_)                                                                        \
	static const struct reaim_op *const reaim_##op_                                            \
		__attribute__((section("reaim_ops"), used)) = &(op_)

void *reaim_data(struct reaim_job *job);

/* Record why (the first reason stays) and return REAIM_ERROR or REAIM_SKIP. errno belongs to the
 * reason, as text and as number, where `format` says %m, and nowhere else: a check that failed
 * has no errno. */
int reaim_fail(struct reaim_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int reaim_skip(struct reaim_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Count work at the place where it happened: bytes received, faults taken, signals delivered. */
void reaim_did(struct reaim_job *job, uint64_t amount);

uint64_t reaim_random(struct reaim_job *job); /* uniform, from the run's seed and child number */
uint64_t reaim_random_below(struct reaim_job *job, uint64_t bound);

size_t reaim_blocks(const struct reaim_job *job);      /* size of the child's file, KiB */
size_t reaim_block_bytes(const struct reaim_job *job); /* one transfer: 1 KiB unless --block-size */
bool reaim_sync_wanted(const struct reaim_job *job);   /* false with --nosync */
bool reaim_compatible(const struct reaim_job *job);    /* true with --compat */

/* A directory for the op's own files: disk directories in turn, from a random start. The turn
 * passes on between two jobs of a REAIM_DISK op; within one job, and within setup, all calls
 * give the same directory. */
const char *reaim_directory(struct reaim_job *job);
/* A path in it that no other child or run uses. The driver removes what is left, files and
 * directories, on every way out, and what a killed run left at the next start. */
int reaim_path(struct reaim_job *job, const char *name, char *path, size_t size);
/* The tree that disk_src searches, made before the pass or given by --source-tree. */
const char *reaim_source_tree(const struct reaim_job *job);
/* The common file of --common-file, made before the run; NULL without. It holds the pattern of
 * reaim_common_word() from its first byte to its last, and no operation writes to it. */
const char *reaim_common_file(const struct reaim_job *job);
/* The 8-byte word, in the machine's byte order, at `offset`, a multiple of 8. */
static inline uint64_t reaim_common_word(uint64_t offset)
{
	return (offset / 8) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}
/* This child's part of the page cache that --cache-fraction gives to the run: fraction times
 * memory, divided by the children of the pass, in bytes; 0 without the option. */
uint64_t reaim_cache_bytes(const struct reaim_job *job);

/* Fork a helper process that the driver reaps, ends with its parent, and whose exit status other
 * than 0 is an error. It runs body(job) and exits with what that returns. */
pid_t reaim_spawn(struct reaim_job *job, int (*body)(struct reaim_job *job));
int reaim_reap(struct reaim_job *job, pid_t pid); /* waits; REAIM_ERROR unless it exited with 0 */

/* Keep the compiler from dropping or hoisting work. Neither costs an instruction. */
#define reaim_use(value_)  __asm__ volatile("" : : "g"(value_) : "memory")
#define reaim_hide(value_) __asm__ volatile("" : "+r"(value_))

#endif
