/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on the terminal that says what is going on; nothing where stderr is no terminal. */
#ifndef KDYNO_PROGRESS_H
#define KDYNO_PROGRESS_H

#include "schedule.h"

/* [12/80] lat_pipe cross-cpu  eta 1:20 */
void progress_show(const struct progress *progress);

/* For what is no schedule. */
void progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Make room for other output. */
void progress_wipe(void);

#endif
