/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An outside tool that watches a pass: TOOL setup N ARGS before it, begin just after the start,
 * halt when an eighth of the children are done, report after it. setup and report are waited
 * for; begin and halt run beside the children, which they are there to watch.
 */
#ifndef KDYNO_REAIM_MONITOR_H
#define KDYNO_REAIM_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum monitor_step { MONITOR_SETUP, MONITOR_BEGIN, MONITOR_HALT, MONITOR_REPORT };

struct monitor {
	const char *tool; /* NULL: none, and all calls do nothing */
	const char *arguments;
	long timeout_s;
	size_t users;
	pid_t pid; /* of the call under way; 0: none */
	enum monitor_step step;
	uint64_t deadline_ns;
	bool is_halt_due; /* when begin has ended */
};

/* Run a step and wait for its end. EXIT_DONE, or EXIT_FAILED with a complaint. */
int monitor_call(struct monitor *monitor, enum monitor_step step, size_t users);
/* Start a step and go on. */
int monitor_start(struct monitor *monitor, enum monitor_step step);
/* The step's process ended so. */
int monitor_ended(struct monitor *monitor, int wait_status);
/* Wait for what is under way. */
int monitor_finish(struct monitor *monitor);
/* The step under way took too long: end it, complain, EXIT_FAILED. */
int monitor_expire(struct monitor *monitor);
void monitor_kill(struct monitor *monitor);
/* CLOCK_MONOTONIC, UINT64_MAX when nothing is under way. */
uint64_t monitor_deadline_ns(const struct monitor *monitor);

#endif
