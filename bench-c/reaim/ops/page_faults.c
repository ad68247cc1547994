// SPDX-License-Identifier: GPL-2.0-or-later
#include "page_faults.h"

#include <sys/resource.h>

uint64_t faults_taken(void)
{
	struct rusage usage;

	/* Fails only for a bad pointer or a bad first argument. */
	(void)getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}
