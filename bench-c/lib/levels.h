/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The levels of this machine's memory hierarchy, as measured and as the kernel says. */
#ifndef KDYNO_LEVELS_H
#define KDYNO_LEVELS_H

#include "options.h"
#include "plateau.h"

#include <stdint.h>
#include <stdio.h>

enum { LEVELS_CACHES_MAX = 5, LEVELS_TLBS_MAX = 2, LEVELS_TEXT_SIZE = 160 };

/* A data cache. What is 0 was not found, or not said. */
struct levels_cache {
	unsigned level; /* 1 is nearest to the core */
	double latency_ns;
	double size_bytes;
	uint64_t said_size_bytes;
	uint64_t said_line_bytes;
	char shared_cpus[LEVELS_TEXT_SIZE]; /* as the kernel lists them */
};

struct levels {
	struct levels_cache caches[LEVELS_CACHES_MAX];
	size_t cache_count;
	double memory_latency_ns; /* of dependent loads beyond all caches; 0: not reached */
	double line_bytes;
	double tlb_pages[LEVELS_TLBS_MAX]; /* where each TLB ends */
	size_t tlb_count;
	double load_ns;		 /* of the smallest size: a load that needs no translation */
	double tlb_miss_ns;	 /* added to a load by the largest number of pages tried */
	uint64_t tlb_miss_pages; /* that number */
	uint64_t page_bytes;
	bool huge_pages; /* the curve was measured with them; if not, it has TLB misses in it */
	unsigned cpu;	 /* what the kernel says is about this one */
	struct plateau_point curve[PLATEAU_POINTS_MAX]; /* bytes and latency */
	size_t curve_count;
	struct plateau_point pages[PLATEAU_POINTS_MAX]; /* pages and latency of one load each */
	size_t pages_count;
	char reason[LEVELS_TEXT_SIZE]; /* why measuring failed */
};

/* Measure with lat_mem, lat_mem_line and lat_tlb on the clock and CPUs of options: every point
 * once, which takes some 5 s, and again until budget_s is over, the best counts. 0, or -1 and a
 * reason. */
int levels_measure(struct levels *levels, const struct options *options, double budget_s);

/* Whether size measured and size said are near enough; false if either is missing. */
bool levels_agree(double measured, double said);

/* The same, printed. 0, or -1 when nothing could be measured or written. */
int levels_print(FILE *out, bool json, const struct options *options, double budget_s);
void levels_print_text(FILE *out, const struct levels *levels);
void levels_print_json(FILE *out, const struct levels *levels);

/* The data caches of a CPU, nearest first, from cache/index* in a directory like
 * /sys/devices/system/cpu/cpu0. Returns how many. */
size_t levels_read_said(const char *cpu_directory, struct levels_cache *caches);

#endif
