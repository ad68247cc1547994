/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KDYNO_REAIM_THREADS_H
#define KDYNO_REAIM_THREADS_H

#include "reaim_op.h"

enum { THREADS_MAX = 16 };

/*
 * Run body(argument) in `count` threads, argument being one of `count` elements of `size` bytes,
 * and join them all. No body may wait for a thread that could be missing: where one cannot be
 * started, those that run are joined and the job fails. Bodies report through their argument;
 * they do not call reaim_*.
 */
int threads_run(struct reaim_job *job, unsigned int count, void *(*body)(void *argument),
		void *arguments, size_t size);

#endif
