/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation should cost, from a few basic figures of the machine: the estimate that
 * comes before a measurement. Times are in ns, bandwidths in B/s, sizes in bytes.
 */
#ifndef KDYNO_PREDICTION_H
#define KDYNO_PREDICTION_H

#include <stdbool.h>
#include <stddef.h>

enum basis_figure {
	BASIS_CYCLE,  /* one core cycle */
	BASIS_ENTRY,  /* into the kernel and out, nothing done there */
	BASIS_MEMORY, /* a load that depends on the one before, from main memory */
	BASIS_COPY,   /* bandwidth of a copy between buffers that no cache holds */
	BASIS_FAULT,  /* a page fault that gets a zeroed page */
	BASIS_SWITCH, /* from one process to another */
	BASIS_DISK,   /* read of the file's next 4 KiB from the device */
	BASIS_SEEK,   /* what an arm and half a turn add; 0 for what does not turn */
	BASIS_FREE_MEMORY,
	BASIS_COUNT,
};

/* What is not known is NAN, and so is what depends on it. */
struct basis {
	double of[BASIS_COUNT];
};

struct basis_source {
	const char *name;
	const char *words; /* the benchmark, as kbench run takes it; NULL: from elsewhere */
};
extern const struct basis_source basis_sources[BASIS_COUNT];

enum quantity { QUANTITY_TIME, QUANTITY_BANDWIDTH, QUANTITY_SIZE };

struct estimate {
	double hardware;
	double software; /* NAN: not told apart */
	double predicted;
};

/* What must be given to measure it. */
enum reach {
	REACH_LOCAL,
	REACH_PEER,	  /* --peer, which is appended to the words */
	REACH_DIRECTORY,  /* --remote-directory, which is too */
	REACH_DIFFERENCE, /* the same, less what BASIS_DISK is here */
	REACH_FILE_CACHE, /* --file-cache */
};

struct prediction {
	const char *operation;
	const char *words; /* the benchmark that measures it, or NULL */
	enum quantity quantity;
	enum reach reach;
	struct estimate (*estimate)(const struct basis *basis);
	const char *reasoning;
};
extern const struct prediction predictions[];
extern const size_t prediction_count;

struct basis basis_unknown(void);

#endif
