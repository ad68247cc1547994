/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_REAIM_THREADS_H
#define KDYNO_REAIM_THREADS_H

#include "reaim_op.h"

enum { THREADS_MAX = 16 };

/*
 * Run body(argument) in `count` threads, argument being one of `count` elements of `size` bytes,
 * and join them all. begun(arguments), unless NULL, is called between: after the last start, or
 * where a thread could not be started and the job fails, after those that could, if any. Bodies
 * report through their argument; they do not call reaim_*.
 */
int threads_run(struct reaim_job *job, unsigned int count, void *(*body)(void *argument),
		void (*begun)(void *arguments), void *arguments, size_t size);

#endif
