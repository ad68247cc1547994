/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selections of benchmarks that fit into a known time. */
#ifndef KDYNO_SUITES_H
#define KDYNO_SUITES_H

#include "spec.h"

/* Which of the benchmarks that the words name. */
enum suite_kind {
	SUITE_EVERY,
	SUITE_OF_TASKS, /* those that placement spreads */
	SUITE_COPYABLE, /* those that make sense many at once */
};

struct suite_row {
	const char *words; /* as resolve_add() takes them; NULL ends the rows */
	enum suite_kind kind;
};

struct suite {
	const char *name;
	const char *about;
	double limit_s; /* it never takes longer, whatever the machine */
	double most_s;	/* no benchmark of it takes longer, but for its set-up */
	const struct suite_row *rows;
};

extern const struct suite suites[]; /* ended by one without a name */

const struct suite *suite_find(const char *name);

/*
 * All rows as runs, none twice. Rows that this machine has no size for are left out and said on
 * stderr. False and a complaint: a row names what this program does not have.
 */
bool suite_expand(const struct suite *suite, unsigned cpus, struct spec_list *list, char *complaint,
		  size_t complaint_size);

#endif
