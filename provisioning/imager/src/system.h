/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What process 1 has to do before and after the work: mounts, modules, network, the end. */
#ifndef KDYNO_IMAGER_SYSTEM_H
#define KDYNO_IMAGER_SYSTEM_H

#include "error.h"
#include "options.h"

#include <stddef.h>

int system_mount(struct error *error);

/* Loads the modules that /modules/order names, in this order. */
int system_load_modules(struct error *error);

int system_read_command_line(char *line, size_t size, struct error *error);

/* Gives the first network card the address of the command line. */
int system_set_up_network(const struct options *options, struct error *error);

/* Waits until the disk has appeared. */
int system_wait_for(const char *path, struct error *error);

_Noreturn void system_reboot(void);
_Noreturn void system_power_off(void);

#endif
