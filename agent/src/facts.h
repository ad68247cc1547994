/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of a measurement that the kernel itself can tell. */
#ifndef KDYNO_FACTS_H
#define KDYNO_FACTS_H

#include <stdint.h>

struct facts {
	char uname_release[128];
	char version[128];
	char cmdline[4096]; /* the value of kdyno.token is blanked: facts are shown to people */
	char boot_id[64];
	int64_t cpus; /* online */
	int64_t mem_kb;
};

/* Reads what there is; a fact that cannot be read stays empty or zero. */
void facts_read(struct facts *facts);

/* Blanks the value of each kdyno.token= argument, in place. */
void facts_blank_token(char *cmdline);

#endif
