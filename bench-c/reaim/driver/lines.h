/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of lines "word rest", with # comments and blank lines, and where each line is. */
#ifndef KDYNO_REAIM_LINES_H
#define KDYNO_REAIM_LINES_H

#include <stdbool.h>
#include <stdio.h>

enum { LINE_SIZE = 4096 };

struct lines {
	FILE *file;
	const char *path;
	unsigned number;
	bool too_long;
	char text[LINE_SIZE];
};

struct line {
	const char *path;
	unsigned number;
	const char *first;
	const char *rest; /* without blanks around it */
};

bool lines_open(struct lines *lines, const char *path);
/* The next line that says something; false at the end or on an error. `line` is valid until
 * the next call. */
bool lines_next(struct lines *lines, struct line *line);
/* After the last line: EXIT_DONE, or a complaint about a read error or an endless line. */
int lines_end(const struct lines *lines);
void lines_close(struct lines *lines);

#endif
