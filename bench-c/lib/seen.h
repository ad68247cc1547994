/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the tasks of a benchmark really ran: placement asked for and placement seen. */
#ifndef KDYNO_SEEN_H
#define KDYNO_SEEN_H

#include "placement.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of the samples after which the tasks' CPUs were looked at. */
struct seen {
	size_t together; /* all tasks on one CPU */
	size_t apart;	 /* each on a CPU of its own */
	size_t mixed;
};

/* Pure. Fewer than two CPUs say nothing. */
void seen_add(struct seen *seen, const int *cpus, size_t count);

/* Whether what was seen can be what was asked for. */
bool seen_fits(const struct seen *seen, enum placement placement);

enum { SEEN_TASKS_MAX = 8 }; /* looked at: each costs some microseconds */

struct seen_watch {
	int fds[SEEN_TASKS_MAX];
	size_t count;
	bool with_self; /* the calling task does work itself */
};

/* For the children given and the threads that this process has now. */
void seen_watch_open(struct seen_watch *watch, const pid_t *children, size_t child_count,
		     bool with_self);
void seen_watch_look(const struct seen_watch *watch, struct seen *seen);
void seen_watch_close(struct seen_watch *watch);

#endif
