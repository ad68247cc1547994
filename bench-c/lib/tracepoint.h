/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By which number perf_event_open(2) knows a tracepoint of this kernel. */
#ifndef KDYNO_TRACEPOINT_H
#define KDYNO_TRACEPOINT_H

#include <stdint.h>

/* Of "system/event"; 0 if it is unknown. */
uint64_t tracepoint_id(const char *event);

#endif
