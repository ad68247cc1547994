/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two documents of kbench run. A figure belongs to another's when name,
 * placement, parameters and metric are the same.
 */
#ifndef KDYNO_COMPARISON_H
#define KDYNO_COMPARISON_H

#include "json_read.h"

/* Fewer say too little of where their median could have been. */
enum { CHANGE_SAMPLES_NEEDED = 10 };

enum verdict {
	VERDICT_UNCLEAR, /* the interval holds "no change" */
	VERDICT_BETTER,
	VERDICT_WORSE,
	VERDICT_NO_RATIO, /* a figure is not positive, or both are below the floor */
};

/*
 * From one figure to another, in per cent of the first. The interval is of the ratio of the two
 * medians by the percentile bootstrap: not drawn, since where the median of a resample falls is
 * a binomial distribution over the order statistics. It assumes no distribution of the samples,
 * but that they are independent, and so knows of nothing but these two runs.
 */
struct change {
	double before; /* medians */
	double after;
	double percent;
	double low_percent;
	double high_percent;
	double confidence; /* 0: too few samples for a verdict */
	enum verdict verdict;
	double quoted_before; /* the figures that the two documents quote */
	double quoted_after;
	double quoted_percent;
};

/* Sorts both. Counts are at least 1. Medians that are both below `floor` are not worth a ratio. */
struct change change_of(double *before, size_t before_count, double *after, size_t after_count,
			bool lower_is_better, double floor);

/* Add the figures that are quoted, often of undisturbed samples, which noise moves less than the
 * median. When they went the other way, the verdict is unclear. */
void change_quote(struct change *change, double before, double after);

/* Whether a count per operation is another one, by more than the tolerance, absolute and relative.
 * Never if one of them is NAN. */
bool count_differs(double before, double after, double tolerance);

/* A metric that both have. */
struct comparison_row {
	const struct json_value *benchmark; /* of the first document */
	const char *metric;
	const char *unit;
	bool lower_is_better;
	bool steady;	/* the warm-up of both ended without a trend */
	bool disturbed; /* one of the two says itself that its evidence is poor */
	bool by_rounds; /* the medians of processes were compared, not samples */
	struct change change;
};

struct count_change {
	const struct json_value *benchmark;
	const char *count;
	double before;
	double after;
};

/* A benchmark without a counterpart, or without a figure in one of the two. */
struct unmatched {
	const struct json_value *benchmark; /* where it has no figure, or where alone it is */
	bool in_before;
	bool has_counterpart;
};

struct comparison {
	struct json_document before;
	struct json_document after;
	struct comparison_row *rows; /* by size of the effect */
	size_t row_count;
	struct count_change *counts;
	size_t count_count;
	struct unmatched *unmatched;
	size_t unmatched_count;
};

/* False and a complaint: a file cannot be read or is no document of kbench run, or the two have
 * nothing in common. To be freed either way. */
bool comparison_open(struct comparison *comparison, const char *before_path, const char *after_path,
		     char *complaint, size_t complaint_size);
void comparison_free(struct comparison *comparison);

/* lat_ctx:processes=8,footprint_bytes=0 */
void comparison_identity(const struct json_value *benchmark, char *text, size_t size);

void comparison_text(const struct comparison *comparison, const char *before_path,
		     const char *after_path);
void comparison_json(const struct comparison *comparison);

#endif
