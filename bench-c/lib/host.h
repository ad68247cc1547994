/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about the machine that a reader of the figures needs. */
#ifndef KDYNO_HOST_H
#define KDYNO_HOST_H

#include <stddef.h>

enum { HOST_TEXT_SIZE = 128, VULNERABILITY_NAME_SIZE = 64, VULNERABILITIES_MAX = 64 };

/* A weakness of the CPU and what the kernel does about it: part of the cost of entering it. */
struct vulnerability {
	char name[VULNERABILITY_NAME_SIZE];
	char state[HOST_TEXT_SIZE]; /* "Not affected", "Mitigation: ...", "Vulnerable..." */
};

struct vulnerabilities {
	struct vulnerability of[VULNERABILITIES_MAX]; /* by name */
	size_t count;				      /* 0 when the kernel does not say */
};

struct host {
	char uname_release[HOST_TEXT_SIZE];
	char machine[HOST_TEXT_SIZE];
	char cpu_model[HOST_TEXT_SIZE];	  /* empty when the kernel does not say */
	char clocksource[HOST_TEXT_SIZE]; /* the same */
	long cpus_online;
	long page_size_bytes;
};

struct host host_facts(void);

void host_vulnerabilities(struct vulnerabilities *found);

#endif
