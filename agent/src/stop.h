/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGTERM and SIGINT as a file descriptor. They are blocked and read from a signalfd, so that
 * every wait of the agent (phase, back-off, transfer) can include them and none needs a handler.
 */
#ifndef KDYNO_STOP_H
#define KDYNO_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* Once told to stop, the agent has this long to report what it can. */
#define STOP_REPORT_MS 5000

/* Blocks the signals for the whole process. Returns 0, or -1 with errno set. */
int stop_init(void);

/* The descriptor to poll for reading; do not read it, call stop_requested(). */
int stop_fd(void);

/* True from the first SIGTERM or SIGINT on. */
bool stop_requested(void);

/* Milliseconds left to report after the request; STOP_REPORT_MS before it. */
int64_t stop_left_ms(void);

/* Sleeps; returns false when cut short because the agent must stop. */
bool stop_sleep_ms(int64_t duration_ms);

#endif
