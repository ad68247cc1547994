// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: membarrier(), which makes other running threads execute a memory barrier.
 * Why: the cost of the interrupts to other CPUs that it sends and waits for, the same that TLB
 * shootdowns and code patching pay; used by garbage collectors, RCU in user space, and JITs.
 * Source: membarrier(2); its selftest for the commands.
 */
#include "bench.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 64, PATIENCE_MS = 2000 };

struct kind {
	int command;
	int registration; /* 0: none needed */
};

static const char *const names[] = {"private_expedited", "private_expedited_sync_core",
				    "global_expedited", "global", NULL};
static const struct kind kinds[] = {
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED},
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE},
	{MEMBARRIER_CMD_GLOBAL_EXPEDITED, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED},
	{MEMBARRIER_CMD_GLOBAL, 0},
};

struct data {
	int command;
	uint32_t running; /* threads that have begun */
	uint32_t on_callers_cpu;
	int cpu;
	bool stop;
	uint64_t barriers;
};

static int busy(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);

	(void)index;
	if (sched_getcpu() == data->cpu)
		__atomic_fetch_add(&data->on_callers_cpu, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&data->running, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&data->stop, __ATOMIC_RELAXED))
		bench_barrier();
	return BENCH_OK;
}

static int membarrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

static int choose_command(struct bench_state *state, struct data *data)
{
	int64_t which = bench_value(state, "command");
	int supported = membarrier(MEMBARRIER_CMD_QUERY);

	data->command = kinds[which].command;
	if (supported < 0)
		return bench_skip(state, "needs CONFIG_MEMBARRIER (membarrier: %s)",
				  strerror(errno));
	if ((supported & data->command) == 0)
		return bench_skip(state, "needs a kernel with membarrier command %s", names[which]);
	if (kinds[which].registration != 0 && membarrier(kinds[which].registration) != 0)
		return bench_fail(state, "membarrier register: %s", strerror(errno));
	return BENCH_OK;
}

static int start_threads(struct bench_state *state, struct data *data, int64_t threads)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int error = BENCH_OK;

	data->cpu = sched_getcpu();
	for (int64_t i = 0; error == 0 && i < threads; i++)
		error = bench_thread(state, busy);
	for (int ms = 0; error == 0 && ms < PATIENCE_MS; ms++) {
		if (__atomic_load_n(&data->running, __ATOMIC_ACQUIRE) == threads)
			break;
		(void)nanosleep(&pause, NULL);
	}
	if (error == 0 && data->running != threads)
		return bench_fail(state, "the threads did not start");
	if (error == 0 && data->on_callers_cpu > 0)
		return bench_skip(state,
				  "needs the threads on other CPUs than the caller: one more "
				  "CPU than threads, and placement=cross-cpu");
	return error;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int error = choose_command(state, data);

	return error != 0 ? error : start_threads(state, data, bench_value(state, "threads"));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int command = data->command;
	uint64_t right = 0;

	for (uint64_t i = 0; i < iterations; i++)
		right += syscall(SYS_membarrier, command, 0, 0) == 0;
	data->barriers += right;
	return right == iterations ? BENCH_OK
				   : bench_fail(state, "membarrier: %s", strerror(errno));
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->barriers;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	__atomic_store_n(&data->stop, true, __ATOMIC_RELAXED);
}

static const struct bench_parameter parameters[] = {
	{.name = "command", .about = "of membarrier(2)", .words = names},
	{.name = "threads",
	 .about = "of this process that run on other CPUs: needs placement=cross-cpu",
	 .max = THREADS_MAX},
	{0},
};

static const struct bench lat_membarrier = {
	.name = "lat_membarrier",
	.summary = "have all running threads execute a memory barrier",
	.doc = "Times syscall(SYS_membarrier) of the command, while `threads` threads of the process\n"
	       "compute on other CPUs. private_expedited interrupts each CPU that runs one of them and\n"
	       "waits for all: an inter-processor interrupt and its answer. Without threads (the\n"
	       "default, for a machine with one CPU has no other figure) it is the check that there is\n"
	       "nobody to interrupt. _sync_core also serialises their instructions, global_expedited\n"
	       "interrupts CPUs that run any registered process, and global waits for an RCU grace\n"
	       "period: milliseconds, and at once on a machine with one CPU. Threads on the caller's\n"
	       "CPU do not run and would not be interrupted: such a placement is left out. Work\n"
	       "proof: each call's return value is counted; that the threads run is by placement.\n"
	       "Idea: membarrier(2); no peer times an inter-processor interrupt directly.",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.tasks = 1,
	.tasks_parameter = "threads",
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_membarrier);
