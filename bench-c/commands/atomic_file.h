/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is there as a whole or not at all. */
#ifndef KDYNO_ATOMIC_FILE_H
#define KDYNO_ATOMIC_FILE_H

#include <stdio.h>

struct atomic_file {
	const char *path;
	FILE *stream; /* nobody else sees what is written here */
};

/* Both return 0, or -1 with errno. What can be known at once to go wrong at the end does so in
 * open. Of the two ways to end, each closes the stream. */
int atomic_file_open(struct atomic_file *file, const char *path);
int atomic_file_commit(struct atomic_file *file);
void atomic_file_drop(struct atomic_file *file);

#endif
