// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: waking another process or thread by a futex, and being woken by it.
 * Why: the floor of all sleeping synchronisation: mutexes, conditions and semaphores of a libc
 * are made of this call. Between threads (private futexes) the key is an address, between
 * processes it is a page of a mapping, which costs a little more to look up.
 * Source: futex(2); the shape of lmbench paper (USENIX 1996), interprocess communication.
 */
#include "bench_turns.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROCESS, THREAD };
static const char *const kinds[] = {"process", "thread", NULL};

struct shared {
	struct bench_turns turns;
	_Alignas(64) uint32_t there; /* the number of the turn, stored before the wake-up */
	_Alignas(64) uint32_t back;
};

struct data {
	struct shared *shared;
	int private_flag;
	uint32_t turn;
};

static bool wake(uint32_t *word, uint32_t turn, int flag)
{
	__atomic_store_n(word, turn, __ATOMIC_SEQ_CST);
	return syscall(SYS_futex, word, FUTEX_WAKE | flag, 1, NULL, NULL, 0) >= 0;
}

/* EAGAIN: the word changed before the kernel looked, as happens between CPUs. EINTR is no reason
 * to wait on: the other task has died. */
static bool await(uint32_t *word, uint32_t turn, int flag)
{
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != turn)
		if (syscall(SYS_futex, word, FUTEX_WAIT | flag, turn - 1, NULL, NULL, 0) != 0 &&
		    errno != EAGAIN)
			return false;
	return true;
}

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct shared *shared = data->shared;

	for (uint32_t turn = 1; await(&shared->there, turn, data->private_flag); turn++) {
		if (bench_turns_stopped(&shared->turns))
			return BENCH_OK;
		bench_turns_count(&shared->turns);
		if (!wake(&shared->back, turn, data->private_flag))
			break;
	}
	return bench_fail(state, "futex: %s", strerror(errno));
}

static int answer_as_thread(struct bench_state *state, unsigned index)
{
	(void)index;
	return answer(state);
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct shared *shared = bench_shared(state, sizeof(*shared));

	if (shared == NULL)
		return BENCH_ERROR;
	if (syscall(SYS_futex, &shared->there, FUTEX_WAKE, 1, NULL, NULL, 0) != 0)
		return errno == ENOSYS ? bench_skip(state, "no futexes: needs CONFIG_FUTEX")
				       : bench_fail(state, "futex: %s", strerror(errno));
	data->shared = shared;
	if (bench_value(state, "kind") == PROCESS)
		return bench_spawn(state, answer);
	data->private_flag = FUTEX_PRIVATE_FLAG;
	return bench_thread(state, answer_as_thread);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct shared *shared = data->shared;
	int flag = data->private_flag;

	for (uint64_t i = 0; i < iterations; i++) {
		uint32_t turn = ++data->turn;
		if (!wake(&shared->there, turn, flag) || !await(&shared->back, turn, flag))
			return bench_fail(state, "futex: %s", strerror(errno));
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(&data->shared->turns);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->shared == NULL)
		return;
	bench_turns_stop(&data->shared->turns);
	(void)wake(&data->shared->there, data->turn + 1, data->private_flag);
}

static const struct bench_parameter parameters[] = {
	{.name = "kind", .about = "what the other task is", .value = PROCESS, .words = kinds},
	{0},
};

static const struct bench lat_futex = {
	.name = "lat_futex",
	.summary = "wake another task by a futex and be woken by it",
	.doc = "Times FUTEX_WAKE on one word and FUTEX_WAIT on another, while a second process (or\n"
	       "thread, kind=thread, with private futexes) waits on the first and wakes the second:\n"
	       "two system calls, a wake-up and a context switch in each direction. Raw system\n"
	       "calls: a libc would answer without the kernel where it can. The wake-up is always\n"
	       "asked of the kernel, even if the other CPU has seen the word already, as with\n"
	       "cross-cpu it may; the wait is left out then, as a lock would. Work proof: the words\n"
	       "carry the number of the turn, the other task counts them, and on one CPU the kernel\n"
	       "must have counted two context switches a round trip. Idea: futex(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_futex);
