/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people and wrappers read: the table on the screen and the files PREFIX.*. */
#ifndef KDYNO_REAIM_RECORDS_H
#define KDYNO_REAIM_RECORDS_H

#include "outcome.h"
#include "settings.h"

#include <stdio.h>

enum { PREFIX_SIZE = 1024 };

struct records {
	char prefix[PREFIX_SIZE]; /* with the repetition's number when there are several */
	FILE *screen;		  /* NULL: standard output belongs to the JSON document */
	FILE *log;
	FILE *csv;     /* multi-user */
	FILE *tests;   /* single-user */
	FILE *debug;   /* --debug */
	FILE *summary; /* --brief */
	FILE *html;    /* --brief */
	long debug_level;
	bool verbose;
};

/* Each repetition has its own files. Complains. */
int records_open(struct records *records, const struct settings *settings, size_t repetition);
/* Complains when something could not be written. */
int records_close(struct records *records);

void records_preamble(struct records *records, const struct settings *settings,
		      const struct workfile *workfile);
void records_begin_passes(struct records *records);
/* Needs outcome->board. */
void records_pass(struct records *records, const struct outcome *outcome,
		  const struct workfile *workfile);
/* The best pass, and why there was no further one. */
void records_maximum(struct records *records, const struct outcome *best, const char *ended);
void records_partial(struct records *records);

void records_begin_tests(struct records *records, const struct settings *settings,
			 const struct workfile *workfile);
void records_test(struct records *records, const struct outcome *outcome, const struct test *test);
void records_end_tests(struct records *records);

/* A note in PREFIX.debuglog from this level on. */
void records_debug(struct records *records, long level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
