// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: munmap() of memory whose pages were written.
 * Why: freeing pages, and telling the other CPUs that use the address space to forget them: with
 * threads on other CPUs each call interrupts them (TLB shootdown), unless the machine can tell
 * them in hardware. The difference of threads=1 and threads=0 is that shootdown.
 * Source: munmap(2); the lmbench paper (USENIX 1996) has mapping and unmapping in one figure.
 */
#include "bench_pages.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
	MAPPINGS_MAX = 256 /* writing them takes longer than what is timed */,
	THREADS_LIMIT = 255,
	START_PATIENCE_MS = 2000
};

struct data {
	size_t bytes;
	size_t page_bytes;
	char *arena; /* mappings of `bytes`, each followed by a page that stays inaccessible */
	size_t arena_bytes;
	cpu_set_t cpus; /* of the thread that unmaps */
	atomic_uint running;
	atomic_bool in_the_way; /* a thread has the CPU of the one that unmaps, and no other */
	atomic_bool stop;
	uint64_t unmapped;
};

/* Busy in user mode: an idle CPU need not be told. */
static int be_busy(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);
	cpu_set_t cpus;

	(void)index;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return bench_fail(state, "sched_getaffinity: %s", strerror(errno));
	if (CPU_COUNT(&cpus) == 1 && CPU_EQUAL(&cpus, &data->cpus))
		atomic_store(&data->in_the_way, true);
	atomic_fetch_add(&data->running, 1);
	while (!atomic_load_explicit(&data->stop, memory_order_relaxed))
		bench_barrier();
	return BENCH_OK;
}

static int start_threads(struct bench_state *state, unsigned count)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct data *data = bench_data(state);

	if (sched_getaffinity(0, sizeof(data->cpus), &data->cpus) != 0)
		return bench_fail(state, "sched_getaffinity: %s", strerror(errno));
	for (unsigned i = 0; i < count; i++) {
		int error = bench_thread(state, be_busy);
		if (error != 0)
			return error;
	}
	for (int ms = 0; atomic_load(&data->running) < count; ms++) {
		if (ms == START_PATIENCE_MS)
			return bench_fail(state, "a thread does not start");
		(void)nanosleep(&pause, NULL);
	}
	if (atomic_load(&data->in_the_way))
		return bench_skip(state, "threads= needs placement=cross-cpu: on one CPU there is "
					 "no other to tell");
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->page_bytes = bench_page_bytes();
	data->bytes = (size_t)bench_value(state, "size_bytes");
	data->bytes = (data->bytes + data->page_bytes - 1) / data->page_bytes * data->page_bytes;
	return start_threads(state, (unsigned)bench_value(state, "threads"));
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t step = data->bytes + data->page_bytes;

	int error = bench_memory_check(state, iterations * data->bytes);
	if (error != 0)
		return error;
	data->arena_bytes = iterations * step;
	data->arena = mmap(NULL, data->arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data->arena == MAP_FAILED) {
		data->arena = NULL;
		return bench_fail(state, "mmap: %s", strerror(errno));
	}
	(void)madvise(data->arena, data->arena_bytes, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < iterations; i++) {
		char *start = data->arena + i * step;
		if (mprotect(start, data->bytes, PROT_READ | PROT_WRITE) != 0)
			return bench_fail(state, "mprotect: %s", strerror(errno));
		bench_pages_touch(start, data->bytes, data->page_bytes);
	}
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	size_t step = data->bytes + data->page_bytes;
	char *start = data->arena;
	uint64_t unmapped = 0;

	for (uint64_t i = 0; i < iterations; i++, start += step)
		unmapped += munmap(start, data->bytes) == 0;
	data->unmapped += unmapped;
	return BENCH_OK;
}

/* Nothing is mapped there any more. */
static int check_gone(struct bench_state *state, const struct data *data, uint64_t iterations)
{
	size_t step = data->bytes + data->page_bytes;

	for (uint64_t i = 0; i < iterations; i++)
		if (bench_pages_resident(data->arena + i * step, data->bytes, data->page_bytes) >=
			    0 ||
		    errno != ENOMEM)
			return bench_fail(state, "work proof failed: mapping %llu is still there",
					  (unsigned long long)i);
	return BENCH_OK;
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	int error = check_gone(state, data, iterations);
	if (munmap(data->arena, data->arena_bytes) != 0)
		error = bench_fail(state, "munmap: %s", strerror(errno));
	data->arena = NULL;
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->unmapped;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	atomic_store(&data->stop, true);
	if (data->arena != NULL)
		(void)munmap(data->arena, data->arena_bytes);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "size of each mapping, every page of it written",
	 .value = 64 << 10,
	 .min = 4096,
	 .max = INT64_C(1) << 30},
	{.name = "threads",
	 .about = "other threads of the process, busy on other CPUs",
	 .min = 0,
	 .max = THREADS_LIMIT},
	{0},
};

static const struct bench lat_munmap = {
	.name = "lat_munmap",
	.summary = "unmap written memory; with threads on other CPUs, TLB shootdown",
	.doc = "Times munmap() of anonymous mappings of size_bytes, all of whose pages were written: page\n"
	       "table entries are cleared, translations forgotten, pages freed. With threads=N and\n"
	       "placement=cross-cpu, N more threads of the process are busy in user mode, each on a CPU\n"
	       "of its own, and every call must make those CPUs forget the pages too: an interrupt to\n"
	       "each on x86 without INVLPGB, a broadcast in hardware on arm64. In a virtual machine such\n"
	       "an interrupt may leave the guest. The shootdown is the difference to threads=0. Mapping\n"
	       "and writing come before the run, not timed; guards keep the kernel from merging\n"
	       "mappings; huge pages are forbidden. Work proof: each call must succeed, and afterwards\n"
	       "mincore() finds nothing mapped at any of the places.\n"
	       "Idea: lmbench paper, memory mapping, with unmapping apart from mapping.",
	.figure = BENCH_LATENCY,
	.timeout_s = 60,
	.tasks = 1,
	.tasks_parameter = "threads",
	.iterations_max = MAPPINGS_MAX,
	.copies = BENCH_AS_PROCESSES,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_munmap);
