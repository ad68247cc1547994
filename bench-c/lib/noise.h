/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What disturbed each sample, as the kernel and a probe between the samples tell. Disturbed
 * samples are marked, never dropped. Pure; noise_watch.h does the reading.
 */
#ifndef KDYNO_NOISE_H
#define KDYNO_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Of one sample, ored into a byte. */
enum noise {
	NOISE_PREEMPTED = 1,   /* another task was run instead */
	NOISE_DELAYED = 2,     /* ready to run for more than 1 % of the sample, but not running */
	NOISE_STOLEN = 4,      /* the hypervisor ran somebody else */
	NOISE_INTERRUPTED = 8, /* far more interrupts than usual */
	NOISE_SLOW_CLOCK = 16, /* the probe beside it was slow: frequency, or a busy sibling */
	NOISE_GAP = 32,	       /* time was missing in the probe beside it */
	NOISE_MIGRATED = 64,   /* it went on on another CPU */
};

enum { NOISE_KINDS = 7 };

extern const char *const noise_names[NOISE_KINDS]; /* of bit 0, 1, ... */

/* Everything at one moment between two samples. */
struct noise_reading {
	int64_t involuntary_switches;
	uint64_t run_delay_ns;
	uint64_t steal_ticks;
	uint64_t interrupts;
	int cpu;
	double probe_loop_ns;
	double probe_hole_ns;
};

/* What is normal, learnt on the way. */
enum { NOISE_MEMORY = 15 };
struct noise_usual {
	double best_loop_ns;		 /* of any probe; 0: none yet */
	double interrupts[NOISE_MEMORY]; /* a second, of the latest samples */
	size_t interrupt_count;		 /* ever */
};

/* The flags of a sample between two readings, of those in `watched`. Learns from it. */
uint8_t noise_of(const struct noise_reading *before, const struct noise_reading *after,
		 double sample_ns, uint8_t watched, struct noise_usual *usual);

struct noise_summary {
	size_t tainted;
	size_t by_kind[NOISE_KINDS];
};
struct noise_summary noise_summary(const uint8_t *flags, size_t count);

/* "clean" up to a tenth of tainted samples, "noisy" up to a half, then "poor"; "unknown" if
 * nothing was watched. */
const char *noise_evidence(const struct noise_summary *summary, size_t count, uint8_t watched);

/* "12 of 300 samples disturbed (stolen 9, gap 3)", or "" if none was. */
void noise_text(const struct noise_summary *summary, size_t count, char *text, size_t size);

#endif
