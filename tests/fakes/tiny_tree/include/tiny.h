/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TINY_H
#define TINY_H

const char *release(void);
long getppid_slowly(void);

#endif
