/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of a benchmark. A file in micro/ includes this, what its family shares
 * (bench_*.h beside it) and the system's headers, nothing else. A benchmark says what one
 * operation is and does it `iterations` times; clock, batch size, repetition, placement,
 * copies, counting and output belong to lib/.
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
	BENCH_BANDWIDTH, /* "bandwidth", B/s, higher is better; needs bytes_per_operation */
};

/* The one figure of a run that is quoted. Every sample and the other estimates stand beside it. */
enum bench_estimator {
	BENCH_BY_PLACEMENT, /* the best decile of the undisturbed samples where one CPU does all the
			     * work and nothing but noise can add to it; the median on several */
	BENCH_UNDISTURBED,  /* that decile, on however many CPUs */
	BENCH_MEDIAN, /* for what sleeps, waits for a device, or is a distribution by nature */
};

/* A parameter and what it is unless the user says otherwise. Part of a series' identity: two
 * runs with different parameters are never compared. A number, one of `words`, or text. */
struct bench_parameter {
	const char *name; /* with its unit: message_bytes; NULL ends the list */
	const char *about;
	int64_t value;		  /* a number, or an index into words */
	int64_t min;		  /* of numbers */
	int64_t max;		  /* min == max == 0: the value cannot be changed */
	const char *const *words; /* NULL-terminated */
	const char *text;	  /* not NULL: free text, such as a path; "" is: not given */
};

/* What the kernel counts independently of the benchmark, per operation, over all its tasks. */
enum bench_count {
	BENCH_NO_COUNT, /* ends a list */
	BENCH_SWITCHES, /* context switches of either kind */
	BENCH_MINOR_FAULTS,
	BENCH_MAJOR_FAULTS,
};

/* A figure whose counts are outside [min, max] did not do its work and is an error. */
struct bench_expectation {
	enum bench_count count;
	double min;
	double max;	    /* 0: no upper limit */
	bool only_same_cpu; /* on several CPUs an answer may come before its reader sleeps */
};

enum { BENCH_EXPECTATIONS_MAX = 3 };

/* Many copies of a benchmark may run at once, each with its own data and its own setup. */
enum {
	BENCH_ALONE = 0,
	BENCH_AS_PROCESSES = 1, /* copies may be processes */
	BENCH_AS_THREADS =
		2, /* ... or threads of one process: setup touches nothing that threads share */
};

struct bench {
	const char *name;    /* lat_* or bw_*: what `kbench run` takes */
	const char *summary; /* one line for listings */
	const char *doc;     /* what exactly is timed, why that operation, and the source */
	enum bench_figure figure;
	enum bench_estimator estimator;
	unsigned timeout_s;		   /* killed this long after its time budget; 0: 10 s */
	unsigned tasks;			   /* tasks that placement spreads, with run's own; 0: 1 */
	const char *tasks_parameter;	   /* their number is this parameter's value plus `tasks` */
	unsigned operations_per_iteration; /* 0: 1; or bench_set_operations_per_iteration() */
	uint64_t bytes_per_operation;	   /* or bench_set_bytes_per_operation() */
	uint64_t iterations_min;	   /* of a sample: fewer would be lucky or unlucky; 0: 1 */
	uint64_t iterations_max; /* of one call of run, as descriptors are limited; 0: none */
	unsigned copies;	 /* BENCH_AS_... ored */
	struct bench_expectation expectations[BENCH_EXPECTATIONS_MAX];
	bool raw;	  /* report the cost as it is: subtract neither clock nor loop */
	bool may_be_zero; /* what is left after subtraction may be nothing: the null benchmark */
	bool hidden;	  /* run by name only: not listed, not matched by a pattern, in no suite */
	const struct bench_parameter *parameters;
	size_t data_size; /* zeroed memory of its own, on cache lines of its own: bench_data();
			   * children get a copy */

	/* All optional but run and work. setup may end in bench_skip(). */
	int (*setup)(struct bench_state *state);
	/* Before each run and after it, not timed: files to delete, connections to close. */
	int (*prepare)(struct bench_state *state, uint64_t iterations);
	int (*run)(struct bench_state *state, uint64_t iterations); /* timed as a whole */
	int (*restore)(struct bench_state *state, uint64_t iterations);
	/* The same operations without the thing measured. Timed first; its minimum is
	 * subtracted from each sample of run, and the whole reported as metric "overhead". Of
	 * latencies only. */
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

/* The value of one of the benchmark's parameters: a number or the index of a word; a text.
 * A name that it does not have is a bug and aborts. For setup, not for timed loops. */
int64_t bench_value(const struct bench_state *state, const char *name);
const char *bench_text(const struct bench_state *state, const char *name);

/* For setup, where they follow from parameters. */
void bench_set_operations_per_iteration(struct bench_state *state, uint64_t operations);
void bench_set_bytes_per_operation(struct bench_state *state, uint64_t bytes);

/* For setup: another machine does a part of the work. Then same-cpu does not mean that one CPU
 * does it all: the median is quoted, and what is expected of one CPU only is not asked for. */
void bench_set_remote(struct bench_state *state);

/* From run: the operations took this long in all, whatever the clock around run says. For
 * what only the benchmark can tell, such as how late a timer was. Clock and loop are then not
 * subtracted. Every run must say it, or none. */
void bench_took_ns(struct bench_state *state, double total_ns);

/* Record why (the first reason stays) and return BENCH_ERROR or BENCH_SKIP. Say what failed
 * and strerror(errno). */
int bench_fail(struct bench_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int bench_skip(struct bench_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Start a child on its placement's CPU; it runs body and exits with what body returns.
 * The harness counts its switches and faults, reaps it and makes a bad status an error. Its end
 * interrupts what run waits in: EINTR is an error to report, not a reason to wait again. */
int bench_spawn(struct bench_state *state, int (*body)(struct bench_state *state));

/* The same as a thread, which shares bench_data(). `index` counts children and threads from 0.
 * It must end by itself once teardown has told it to; a thread that does not is an error. */
int bench_thread(struct bench_state *state, int (*body)(struct bench_state *state, unsigned index));

/* How many copies of the benchmark run at once, each with its own setup: what they may use of
 * memory and disk, they share. */
unsigned bench_copies(const struct bench_state *state);

/* How many CPUs this run may use. */
unsigned bench_cpus(const struct bench_state *state);
/* Another one of them than `cpu`, whatever the placement; -1 when there is none. */
int bench_other_cpu(const struct bench_state *state, int cpu);

/* A new empty directory for files, on the disk that --directory names (else $TMPDIR, /var/tmp),
 * removed with all that is in it at the end. NULL after bench_fail(). */
const char *bench_directory(struct bench_state *state);

/* Zeroed memory that children started later share. NULL after bench_fail(). Never freed. */
void *bench_shared(struct bench_state *state, size_t size);

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

/* Make the compiler believe that the value is used. Costs no instruction. */
static inline void bench_use(uint64_t value)
{
	__asm__ volatile("" ::"r"(value) : "memory");
}

#endif
