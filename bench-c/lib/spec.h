/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run is asked to do: a benchmark, its parameters, placement and copies. */
#ifndef KDYNO_SPEC_H
#define KDYNO_SPEC_H

#include "bench.h"
#include "placement.h"

enum {
	PARAMETERS_MAX = 8,
	TEXT_SIZE = 160,
	SPECS_MAX = 500, /* results of one document */
	COPIES_MAX = 256,
};

struct spec {
	const struct bench *bench;
	enum placement placement;
	unsigned copies;
	bool threads;			/* the copies are threads of one process */
	int64_t values[PARAMETERS_MAX]; /* in the order of bench->parameters */
	char texts[PARAMETERS_MAX][TEXT_SIZE];
};

struct spec_list {
	struct spec *specs;
	size_t count;
};

struct spec spec_default(const struct bench *bench, enum placement placement);

/* Tasks that placement spreads. */
unsigned spec_tasks(const struct spec *spec);

/*
 * Append what `words` asks for: NAME[:parameter=value]... NAME may be a shell pattern. A value
 * may be a list, 4k,64k, or a range that doubles, 512..64M; several make all combinations.
 * k, M and G are powers of 1024. Besides the benchmark's own parameters there are placement,
 * copies and copy_kind (process, thread). Returns false and a complaint.
 */
bool spec_list_add(struct spec_list *list, const char *words, enum placement placement,
		   char *complaint, size_t complaint_size);
void spec_list_free(struct spec_list *list);

/* The identity as it was or could have been asked for: lat_ctx:processes=8. */
void spec_text(const struct spec *spec, char *text, size_t size);

#endif
