/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line and the configuration file, both from the table of settings. */
#ifndef KDYNO_REAIM_OPTIONS_H
#define KDYNO_REAIM_OPTIONS_H

#include "settings.h"

enum { SETTINGS_MAX = 64 };

/* Which rows of the table the command line set: the configuration file leaves those alone. */
struct options {
	struct settings settings;
	bool given[SETTINGS_MAX];
};

/* Both complain and return EXIT_DONE, EXIT_FAILED or EXIT_USAGE. */
int options_parse(struct options *options, int argc, char **argv);
int options_read_config(struct options *options);
/* What no single option can see. */
int options_check(const struct options *options);

void options_help(void);

#endif
