/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines for people: stderr, which systemd keeps in the machine's journal. */
#ifndef KDYNO_LOG_H
#define KDYNO_LOG_H

/* Writes one line, prefixed with the program's name; the newline is added. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
