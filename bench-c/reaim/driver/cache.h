/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files made before a pass, and the page cache they do or do not lie in. */
#ifndef KDYNO_REAIM_CACHE_H
#define KDYNO_REAIM_CACHE_H

#include "scratch.h"

/* The common file and the source tree, as asked for. Complains. */
int cache_make_files(struct scratch *scratch, const struct settings *settings);

/* One child's part of `fraction` of memory, in bytes. */
uint64_t cache_share(double fraction, size_t users);

/* Drop the page cache: the common file's by advice, all of it where the kernel lets us.
 * Complains when neither is possible. */
int cache_drop(const struct scratch *scratch);

#endif
