/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong, said once to the user and kept for the report. */
#ifndef KDYNO_REAIM_COMPLAIN_H
#define KDYNO_REAIM_COMPLAIN_H

/* How the program ends. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SKIPPED = 4 };

/* Print "reaim: ..." on stderr, keep the first of these, and return `status`. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for what does not end the run; not kept. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first complaint, or "". */
const char *first_complaint(void);

#endif
