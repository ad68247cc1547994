/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The waits between tries: 0.5 s, doubling to 10 s, with jitter so that machines spread out. */
#ifndef KDYNO_BACKOFF_H
#define KDYNO_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
	int64_t patience_ms;
	int64_t started_ms; /* of this spell without success */
	int64_t next_ms;
};

/* Begins a spell; also after each success. */
void backoff_begin(struct backoff *backoff, int64_t patience_ms);

/* Sleeps. Returns false, without sleeping, once patience or the time after SIGTERM is over. */
bool backoff_wait(struct backoff *backoff);

#endif
