/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_REAIM_PAGE_FAULTS_H
#define KDYNO_REAIM_PAGE_FAULTS_H

#include <stdint.h>

/* Page faults, of all threads of this process, that the kernel has counted so far. */
uint64_t faults_taken(void);

#endif
