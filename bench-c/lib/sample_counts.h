/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted during each timed sample, so that a slow one has its cause beside it.
 *
 * Nothing that the benchmark does gets slower by it. Page faults and switches are counted by the
 * kernel anyway. Of the processor's counters those of whole CPUs are read: a counter that belongs
 * to a task costs each of its switches, and each of its forks, more than many of them take. Where
 * only a task's own may be had, they are used for benchmarks that have one task.
 */
#ifndef KDYNO_SAMPLE_COUNTS_H
#define KDYNO_SAMPLE_COUNTS_H

#include "counters.h"
#include "perf_group.h"

#include <stdbool.h>
#include <stddef.h>

enum { SAMPLED_KINDS = 6, SAMPLED_CPUS_MAX = 8 };

/* The first two are of the measuring process and of children that it has waited for. */
extern const enum counter sampled_kinds[SAMPLED_KINDS];

enum sample_scope {
	SCOPE_NOTHING, /* the processor's counters cannot be had */
	SCOPE_TASK,    /* ... count the measuring task */
	SCOPE_CPUS,    /* ... count all that happens on the CPUs of the benchmark's tasks */
};

extern const char *const sample_scope_names[];

/* By place in sampled_kinds[]; of all operations of a sample together. */
struct sample_counts {
	enum sample_scope scope;
	bool known[SAMPLED_KINDS];
	float *of_samples[SAMPLED_KINDS]; /* in the order of the samples */
};

struct sample_reader {
	enum sample_scope scope;
	bool known[SAMPLED_KINDS];
	double during[SAMPLED_KINDS]; /* the latest batch */
	size_t kind_of_event[PERF_GROUP_MAX];
	struct perf_group groups[SAMPLED_CPUS_MAX];
	size_t group_count;
	struct perf_group_reading at_begin[SAMPLED_CPUS_MAX];
	double usage_at_begin[2];
};

struct bench_state;

/* After setup, in the task that runs the batches. */
void sample_reader_open(struct sample_reader *reader, const struct bench_state *state);
void sample_reader_close(struct sample_reader *reader);

/* Hooks of a batch; `context` is the reader. */
void sample_reader_begin(void *context);
void sample_reader_end(void *context);

/* What the latest batch counted becomes that of sample `index`. A kind that could not be read
 * once is not known at all. */
void sample_counts_put(struct sample_counts *counts, const struct sample_reader *reader,
		       size_t index);

#endif
