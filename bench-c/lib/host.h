/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about the machine that a reader of the figures needs. */
#ifndef KDYNO_HOST_H
#define KDYNO_HOST_H

enum { HOST_TEXT_SIZE = 128 };

struct host {
	char uname_release[HOST_TEXT_SIZE];
	char machine[HOST_TEXT_SIZE];
	char cpu_model[HOST_TEXT_SIZE];	  /* empty when the kernel does not say */
	char clocksource[HOST_TEXT_SIZE]; /* the same */
	long cpus_online;
	long page_size_bytes;
};

struct host host_facts(void);

#endif
