/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of a benchmark, and the only header that a file in micro/ includes besides
 * the system's. A benchmark says what one operation is and does it `iterations` times;
 * clock, batch size, repetition, placement, counting and output belong to lib/.
 */
#ifndef KDYNO_BENCH_H
#define KDYNO_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_state; /* one run of one benchmark; opaque to micro/ */

/* What a benchmark's functions return. Anything but 0 leaves the run without a number. */
enum { BENCH_OK = 0, BENCH_ERROR = 1, BENCH_SKIP = 4 };

/* The figure made of the time per operation; decides metric name, unit and direction. */
enum bench_figure {
	BENCH_LATENCY,	 /* "latency", ns/op, lower is better */
	BENCH_RATE,	 /* "rate", op/s, higher is better */
	BENCH_BANDWIDTH, /* "bandwidth", B/s, higher is better; set bytes_per_operation */
};

/* Part of a series' identity: two runs with different parameters are never compared. */
struct bench_parameter {
	const char *name; /* with its unit: message_bytes; NULL ends the list */
	int64_t value;
};

struct bench {
	const char *name;    /* lat_* or bw_*: what `kbench run` takes */
	const char *summary; /* one line for listings */
	const char *doc;     /* what exactly is timed, why that operation, and the source */
	enum bench_figure figure;
	unsigned timeout_s;		   /* killed this long after its time budget; 0: 10 s */
	unsigned tasks;			   /* processes that placement spreads; 0: 1 */
	unsigned operations_per_iteration; /* 0: 1 */
	uint64_t bytes_per_operation;	   /* BENCH_BANDWIDTH only */
	double same_cpu_switches_min; /* per operation, counted by the kernel; fewer: an error */
	bool raw; /* report the cost as it is: subtract neither clock nor loop */
	const struct bench_parameter *parameters;
	size_t data_size; /* zeroed memory of its own: bench_data(); children get a copy */

	/* All optional but run and work. setup may end in bench_skip(). */
	int (*setup)(struct bench_state *state);
	int (*run)(struct bench_state *state, uint64_t iterations); /* timed as a whole */
	/* The same operations without the thing measured. Timed first; its minimum is
	 * subtracted from each sample of run, and the whole reported as metric "overhead". */
	int (*overhead)(struct bench_state *state, uint64_t iterations);
	/* Operations done since setup, from a count kept where the work is done (in the
	 * other process, from checked results), never from `iterations`. */
	uint64_t (*work)(struct bench_state *state);
	void (*teardown)(struct bench_state *state); /* lets children end: they are reaped after */
};

/* Makes a benchmark known. Nothing else needs an edit. */
#define BENCH_REGISTER(bench_)                                                                     \
	static const struct bench *const bench_##bench_                                            \
		__attribute__((section("kdyno_bench"), used)) = &(bench_)

void *bench_data(struct bench_state *state);

/* Record why (the first reason stays) and return BENCH_ERROR or BENCH_SKIP. */
int bench_fail(struct bench_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int bench_skip(struct bench_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Start a child on its placement's CPU; it runs body and exits with what body returns.
 * The harness counts its switches and faults, reaps it and makes a bad status an error. */
int bench_spawn(struct bench_state *state, int (*body)(struct bench_state *state));

/* Two pipes between parent and child, one byte that travels on them, and the child's count
 * of the bytes it sent back, in memory that both see. */
struct bench_link {
	int to_child[2];
	int to_parent[2];
	uint64_t *echoed;
};
int bench_link_open(struct bench_state *state, struct bench_link *link);
void bench_link_keep_parent(struct bench_link *link); /* close the ends that the child uses */
void bench_link_keep_child(struct bench_link *link);
void bench_link_close(struct bench_link *link);
int bench_token_pass(struct bench_state *state, int to, int from); /* write a byte, read one */
int bench_token_echo(struct bench_state *state, struct bench_link *link); /* until end of file */

/* Stop the compiler from dropping or merging the work around it. Costs no instruction. */
static inline void bench_barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

#endif
