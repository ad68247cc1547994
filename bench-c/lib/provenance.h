/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a document's figures come from. */
#ifndef KDYNO_PROVENANCE_H
#define KDYNO_PROVENANCE_H

#include "json.h"

/* The keys "harness" (version, compiler, flags) and "host" of the object that is open. */
void provenance_json(struct json *json);

#endif
