// SPDX-License-Identifier: GPL-2.0-or-later
/* Two threads that hand a cache line back and forth. */
#include "bench_memory.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { PATIENCE_MS = 2000 };

static const uint64_t stop = UINT64_MAX;

/* The CPU that the calling thread is bound to, or -1. */
static int only_cpu(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0 || CPU_COUNT(&cpus) != 1)
		return -1;
	return sched_getcpu();
}

int bench_duet_open(struct bench_state *state, struct bench_duet **duet,
		    int (*body)(struct bench_state *state, unsigned index))
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (bench_cpus(state) < 2)
		return bench_skip(state, "needs two CPUs, only one may be used");
	*duet = bench_shared(state, sizeof(**duet));
	if (*duet == NULL)
		return BENCH_ERROR;
	int error = bench_thread(state, body);
	if (error != 0)
		return error;
	for (int ms = 0; !atomic_load(&(*duet)->ready); ms++) {
		if (ms == PATIENCE_MS)
			return bench_fail(state, "the other thread did not start");
		(void)nanosleep(&pause, NULL);
	}
	if ((*duet)->cpu < 0 || (*duet)->cpu == only_cpu())
		return bench_skip(state,
				  "needs a CPU for each thread: ask for --placement cross-cpu; "
				  "when both have one, a time slice would be measured");
	return BENCH_OK;
}

/* Spins without the instruction that tells the core so: it would add to each hand-over, up to
 * a hundred cycles, and makes some hypervisors take the CPU away. */
int bench_duet_answer(struct bench_state *state, struct bench_duet *duet, bench_answer_fn *answer)
{
	uint64_t mine = 1;

	duet->cpu = only_cpu();
	atomic_store(&duet->ready, true);
	for (;;) {
		uint64_t turn = atomic_load_explicit(&duet->turn, memory_order_acquire);
		if (turn == stop)
			return BENCH_OK;
		if (turn != mine)
			continue;
		if (answer != NULL)
			answer(state, turn);
		duet->answers++;
		atomic_store_explicit(&duet->turn, mine + 1, memory_order_release);
		mine += 2;
	}
}

void bench_duet_close(struct bench_duet *duet)
{
	if (duet != NULL)
		atomic_store(&duet->turn, stop);
}
