/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probe's operations have in common. */
#ifndef KDYNO_BENCH_C_PROBE_H
#define KDYNO_BENCH_C_PROBE_H

#include <stdio.h>
#include <stdlib.h>

/* After it nothing is timed any more. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			perror(#condition);                                                        \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define LOOP(name, ...)                                                                            \
	static void name(long n)                                                                   \
	{                                                                                          \
		for (long i = 0; i < n; i++) {                                                     \
			__VA_ARGS__;                                                               \
		}                                                                                  \
	}

struct probe {
	const char *name;
	void (*open)(void);
	void (*loop)(long n);
	void (*before)(void); /* each batch, not timed */
	long most;	      /* operations in a batch; 0: any */
	double per;	      /* operations in one; 0: 1 */
};

/* Each ends with a row without a name. */
extern const struct probe call_probes[], memory_probes[], task_probes[];

extern const char *path; /* an empty file, to look up and to open */

#endif
