// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.h"

#include "cache_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t smallest = (uint64_t)256 << 20;
static const double gib = 1024.0 * 1024 * 1024;

static void judge(struct measured *measured, const struct cache_size *found,
		  enum cache_size_end end)
{
	if (found->found) {
		measured->value = ((double)found->fits_bytes + (double)found->above_bytes) / 2;
		measured->spread = ((double)found->above_bytes - (double)found->fits_bytes) / 2;
		return;
	}
	(void)snprintf(measured->reason, MACHINE_REASON_SIZE, "more than %.3g GiB, then no %s",
		       (double)found->fits_bytes / gib,
		       end == CACHE_SIZE_NO_TIME ? "time" : "room on the disk");
}

struct measured machine_file_cache(double seconds)
{
	static struct cache_size_search search;
	struct measured measured = {.value = NAN, .spec = SIZE_MAX};
	const char *directory = getenv("TMPDIR");
	struct cache_file file;

	if (directory == NULL || *directory == '\0')
		directory = "/var/tmp";
	const struct cache_size_plan plan = {.bytes_min = smallest,
					     .bytes_max = cache_file_room(directory),
					     .seconds_max = seconds};
	if (cache_file_open(&file, directory) == 0) {
		enum cache_size_end end =
			cache_size_find(&plan, cache_file_measure, &file, &search);
		if (end != CACHE_SIZE_FAILED)
			judge(&measured, &search.result, end);
	}
	if (isnan(measured.value) && *measured.reason == '\0')
		(void)snprintf(measured.reason, MACHINE_REASON_SIZE, "%.159s", file.reason);
	cache_file_close(&file);
	return measured;
}
