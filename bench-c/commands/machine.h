/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kbench report: each operation as predicted from the machine's basic figures, and as measured. */
#ifndef KDYNO_MACHINE_H
#define KDYNO_MACHINE_H

#include "command.h"
#include "host.h"
#include "prediction.h"

enum { MACHINE_ROWS_MAX = 48, MACHINE_REASON_SIZE = 160 };

/* A figure, or why there is none. */
struct measured {
	double value;  /* NAN: none */
	double spread; /* median absolute deviation */
	char reason[MACHINE_REASON_SIZE];
	size_t spec; /* in the list of what was run, or SIZE_MAX */
};

struct machine {
	const struct request *request;
	struct basis basis;
	struct measured sources[BASIS_COUNT];
	struct measured rows[MACHINE_ROWS_MAX]; /* of predictions[] */
	struct spec_list list;
	char host[2 * HOST_TEXT_SIZE + 16];
};

/* An exit code. */
int machine_measure(struct machine *machine);
int machine_read(struct machine *machine, const char *path);

void machine_text(const struct machine *machine);
void machine_json(const struct machine *machine);

#endif
