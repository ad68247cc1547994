/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that are started and waited for, the programs that they execute, CPUs, cgroups. */
#ifndef KDYNO_BENCH_PROCESS_H
#define KDYNO_BENCH_PROCESS_H

#include "bench.h"

enum { BENCH_PROGRAM_PATH_SIZE = 4096, BENCH_PROGRAM_TURNS = 4 };

/* How the program that is executed is linked: indices into the names. */
enum bench_linkage { BENCH_LINK_STATIC, BENCH_LINK_DYNAMIC };
extern const char *const bench_linkage_names[];

/* A program that does nothing. The static one is written for the run, and its exit status is
 * the number of its arguments, so that a turn's status differs from that of the one before. */
struct bench_program {
	char path[BENCH_PROGRAM_PATH_SIZE];
	char *arguments[BENCH_PROGRAM_TURNS][BENCH_PROGRAM_TURNS + 1];
	int status[BENCH_PROGRAM_TURNS];
};

/* Children that execute it in turn. Data of a benchmark that uses the callbacks are of this kind;
 * its setup takes the program that the parameter "link" names. */
struct bench_started {
	struct bench_program program;
	uint64_t children_right;
};
extern const struct bench_parameter bench_started_parameters[];
int bench_started_setup(struct bench_state *state);
uint64_t bench_started_work(struct bench_state *state);

/* Where to find one, or skip. */
int bench_program_open(struct bench_state *state, struct bench_program *program,
		       enum bench_linkage linkage);

/* Wait for a child; anything but an exit with this status is an error. */
int bench_await(struct bench_state *state, pid_t pid, int status);

/* A new child cgroup of the one that this process is in, in the unified hierarchy. Skips when
 * there is none or it may not be made. */
struct bench_cgroup {
	char path[BENCH_PROGRAM_PATH_SIZE];
};
int bench_cgroup_name(struct bench_state *state, struct bench_cgroup *cgroup, const char *suffix);
int bench_cgroup_make(struct bench_state *state, const struct bench_cgroup *cgroup);
/* Its last member may still be about to go: tries for a while. */
void bench_cgroup_remove(const struct bench_cgroup *cgroup);

#endif
