/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one benchmark left behind. Lives in memory shared with the process that ran it. */
#ifndef KDYNO_RESULT_H
#define KDYNO_RESULT_H

#include "bench.h"
#include "counts.h"
#include "placement.h"
#include "sampler.h"
#include "stats.h"

enum run_status { STATUS_DONE = BENCH_OK, STATUS_ERROR = BENCH_ERROR, STATUS_SKIP = BENCH_SKIP };

enum { METRICS_MAX = 2, REASON_SIZE = 256 };

struct metric {
	const char *name;
	const char *unit;
	const char *direction;
	uint64_t operations_per_sample;
	struct sampling sampling;
	struct stats stats;
};

struct result {
	const struct bench *bench;
	enum placement placement;
	enum run_status status;
	char reason[REASON_SIZE];
	struct metric metrics[METRICS_MAX]; /* the key figure first */
	size_t metric_count;		    /* 0 unless done */
	struct counts_per_operation counts;
	size_t shared_size;
};

/* Zeroed and touched, so that no sample pays for a page fault. NULL when out of memory. */
struct result *result_new(const struct bench *bench, size_t samples_max);
void result_free(struct result *result);

/* Set the reason unless there is one: the first failure is the cause, later ones follow. */
void result_explain(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* End as `status`: whatever was measured so far is dropped. Returns status. */
int result_end(struct result *result, enum run_status status);

#endif
