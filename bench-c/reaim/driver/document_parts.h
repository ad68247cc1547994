/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the JSON document that hold figures. */
#ifndef KDYNO_REAIM_DOCUMENT_PARTS_H
#define KDYNO_REAIM_DOCUMENT_PARTS_H

#include "json.h"
#include "run.h"

/* Needs outcome->board. */
void document_pass(struct json *json, const struct outcome *outcome,
		   const struct workfile *workfile);
/* Needs outcome->board when the sub-test is done. */
void document_test(struct json *json, const struct outcome *outcome,
		   const struct workfile *workfile, const char *status);
/* The key "metrics": an empty list unless the run is done. */
void document_metrics(struct json *json, const struct run *run);

#endif
