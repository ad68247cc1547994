/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this machine and this account bear so many users. */
#ifndef KDYNO_REAIM_CAPACITY_H
#define KDYNO_REAIM_CAPACITY_H

#include "plan.h"
#include "settings.h"

/* What a pass needs and what there is; UINT64_MAX: no limit. */
struct need {
	size_t users;
	uint64_t processes;
	uint64_t memory_bytes;
};
struct room {
	uint64_t processes;	  /* more of this account, RLIMIT_NPROC */
	uint64_t group_processes; /* more in this control group, pids.max */
	uint64_t memory_bytes;	  /* MemAvailable */
};

struct need capacity_need(size_t users, const struct workfile *workfile, const struct plan *plan);
/* What is too small, as the start of a sentence, or NULL. Pure. */
const char *capacity_obstacle(const struct need *need, const struct room *room);
/* Compares the two and complains. EXIT_DONE or EXIT_FAILED. */
int capacity_check(size_t users, const struct workfile *workfile, const struct plan *plan);
/* The same for the driver's own descriptors, before it makes anything: removing a deep tree takes
 * one for each level. */
int capacity_check_descriptors(const struct settings *settings);

#endif
