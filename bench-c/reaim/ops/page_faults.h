/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_REAIM_PAGE_FAULTS_H
#define KDYNO_REAIM_PAGE_FAULTS_H

#include "reaim_op.h"

/* Page faults, of all threads of this process, that the kernel has counted so far. */
uint64_t faults_taken(void);

/* New memory that the kernel may not give in huge pages, or NULL after reaim_fail(). */
void *map_small_pages(struct reaim_job *job, size_t bytes);

#endif
