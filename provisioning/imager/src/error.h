/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why something failed, as one sentence: shown on the console and sent to the server. */
#ifndef KDYNO_IMAGER_ERROR_H
#define KDYNO_IMAGER_ERROR_H

struct error {
	char message[256];
};

/* Fills in the message and returns -1, so that a caller can `return error_set(...)`. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
