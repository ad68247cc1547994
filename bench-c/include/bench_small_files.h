/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many small files that are made in a directory and soon deleted again. */
#ifndef KDYNO_BENCH_SMALL_FILES_H
#define KDYNO_BENCH_SMALL_FILES_H

#include "bench_file.h"

#include <time.h>

struct bench_small_files {
	int directory; /* -1: none */
	struct bench_names names;
	size_t bytes; /* of each file */
	char *content;
	size_t files; /* of one iteration */
	bool spread;  /* the file system puts new directories apart if asked to */
	time_t second;
};

/* The parameters that bench_small_files_open() asks for. */
#define BENCH_SMALL_FILES_PARAMETERS                                                               \
	{                                                                                          \
		.name = "size_bytes",                                                              \
		.about = "size of each file; the paper's program has 0, 1k, 4k and 10k",           \
		.max = 1 << 20,                                                                    \
	},                                                                                         \
	{                                                                                          \
		.name = "files",                                                                   \
		.about = "files in the directory at most, for slow file systems fewer",            \
		.value = 1000, .min = 1, .max = 100000,                                            \
	}

int bench_small_files_open(struct bench_state *state, struct bench_small_files *files);
void bench_small_files_close(struct bench_small_files *files);

/* Names and an empty directory for a run that makes or deletes so many: for prepare. */
int bench_small_files_prepare(struct bench_state *state, struct bench_small_files *files,
			      uint64_t iterations);

#endif
