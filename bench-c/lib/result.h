/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one benchmark left behind. Lives in memory shared with the process that ran it. */
#ifndef KDYNO_RESULT_H
#define KDYNO_RESULT_H

#include "bench.h"
#include "counting.h"
#include "counts.h"
#include "options.h"
#include "registry.h"
#include "sample_counts.h"
#include "sampler.h"
#include "seen.h"
#include "spec.h"
#include "stats.h"

enum run_status { STATUS_DONE = BENCH_OK, STATUS_ERROR = BENCH_ERROR, STATUS_SKIP = BENCH_SKIP };

enum { METRICS_MAX = 2, REASON_SIZE = 256, NAME_SIZE = 64, DIRECTORY_SIZE = 128, ROUNDS_MAX = 16 };

/* The key figure first; the second, if there is one, is what was subtracted from it. */
struct metric {
	bool is_overhead;
	uint64_t iterations; /* of one sample, found in the first round and kept */
	uint64_t operations_per_sample;
	struct sampling sampling; /* of all rounds, in order of time */
	uint8_t watched;	  /* kinds of noise that could be told, see noise.h */
	struct stats stats;
};

/* How the process of a round was laid out, which moves figures by a few per cent. */
struct round {
	size_t first_sample;	    /* of the key figure */
	uint64_t environment_bytes; /* added to what the user's environment has */
	uint64_t stack_address;
	uint64_t data_address; /* of bench_data() */
	double overhead_ns;    /* subtracted from each operation, besides clock and loop */
};

struct result {
	char bench_name[NAME_SIZE]; /* by which another process finds spec.bench again */
	struct spec spec;
	enum run_status status;
	_Atomic bool is_explained; /* somebody writes the reason or has: copies fail at once */
	char reason[REASON_SIZE];
	struct metric metrics[METRICS_MAX];
	size_t metric_count; /* 0 unless done */
	struct counts_per_operation counts;
	struct sample_counts sample_counts; /* of the key figure; nothing known of copies */
	struct counting counting;	    /* of some batches after the first round */
	struct seen seen;		    /* of the key figure */
	uint64_t operations_per_iteration;
	uint64_t bytes_per_operation;
	bool remote;			/* a part of the work was done on another machine */
	int directory_state;		/* of copies only one makes it, see scratch.c */
	char directory[DIRECTORY_SIZE]; /* scratch files, to be removed whatever became of the run
					 */
	struct round rounds[ROUNDS_MAX];
	unsigned round_count;
	double spent_s;		/* in all rounds, with starting and ending */
	double sampling_s;	/* of that, in finding batches, warming up and sampling */
	struct options options; /* for the process that does the round */
	size_t samples_max;
	size_t shared_size;
};

/* Shared with children, zeroed and touched, so that no sample pays for a page fault. NULL when out
 * of memory. */
struct result *result_new(const struct spec *spec, size_t samples_max);
void result_free(struct result *result);

/* A copy in memory that a new program can map, by its descriptor; -1 and errno. Afterwards the
 * result becomes what that program has made of it, 0, or -1 if it has been cut. */
int result_lend(const struct result *result);
int result_take_back(struct result *result, int fd);

/* The result behind a descriptor that another process has made; NULL if it cannot be mapped or
 * its benchmark does not exist here. */
struct result *result_from(int shared_fd);

/* Pointers into the shared memory differ from process to process: set them for this one. */
void result_attach(struct result *result);

/* What a metric is called, its unit and which way is better. */
const struct figure_kind *result_kind(const struct result *result, const struct metric *metric);

/* Set the reason unless there is one: the first failure is the cause, later ones follow. */
void result_explain(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* End as `status`: whatever was measured so far is dropped. Returns status. */
int result_end(struct result *result, enum run_status status);

#endif
