// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: handing over a record lock to another process that waits for it: one fcntl() that
 * unlocks a byte and one that waits until another byte is free.
 * Why: how programs of several processes serialise through a file: the path of a contended
 * lock, with its search for deadlocks and its wake-up.
 * Source: lmbench's record lock latency, per hand-over too; fcntl(2).
 *
 * With three bytes the turns alternate, whoever is faster. The process whose turn it is holds
 * two of them; the other holds the third and waits for one of the two. To end its turn a
 * process gives that one up and waits for the next in the circle, which the other holds.
 */
#include "bench_entry.h"
#include "bench_turns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 3, HANDOVERS_PER_TRIP = 2 };

struct data {
	struct bench_turns *turns;
	int fd;
	unsigned awaited; /* the byte of mine that the other process waits for */
};

static bool set_lock(int fd, short type, unsigned byte)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};

	return fcntl(fd, F_SETLKW, &lock) == 0;
}

/* From the end of this process's turn to the beginning of its next. */
static bool hand_over(struct data *data)
{
	unsigned given_up = data->awaited;

	data->awaited = (given_up + 2) % BYTES;
	return set_lock(data->fd, F_UNLCK, given_up) &&
	       set_lock(data->fd, F_WRLCK, (given_up + 1) % BYTES);
}

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->awaited = 1;
	if (!set_lock(data->fd, F_WRLCK, 1))
		return bench_fail(state, "fcntl: %s", strerror(errno));
	bench_turns_say_ready(data->turns);
	bool mine = set_lock(data->fd, F_WRLCK, 0);
	while (mine) {
		if (bench_turns_stopped(data->turns))
			return BENCH_OK;
		bench_turns_count(data->turns);
		mine = hand_over(data);
	}
	return bench_fail(state, "fcntl: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	int error = bench_memory_file(state, &data->fd);
	if (error != 0)
		return error;
	data->awaited = 0;
	if (!set_lock(data->fd, F_WRLCK, 0) || !set_lock(data->fd, F_WRLCK, 2)) {
		if (errno == ENOSYS || errno == EINVAL)
			return bench_skip(state, "no record locks: needs CONFIG_FILE_LOCKING");
		return bench_fail(state, "fcntl: %s", strerror(errno));
	}
	data->turns = bench_shared(state, sizeof(*data->turns));
	error = data->turns == NULL ? BENCH_ERROR : bench_spawn(state, answer);
	return error != 0 ? error : bench_turns_wait_ready(state, data->turns);
}

/* A lock that comes back without a turn in between was lost by a process that died. */
static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t answered = bench_turns_answered(data->turns);
		if (!hand_over(data))
			return bench_fail(state, "fcntl: %s", strerror(errno));
		if (bench_turns_answered(data->turns) != answered + 1)
			return bench_fail(state, "the other process had no turn in between");
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return HANDOVERS_PER_TRIP * bench_turns_answered(data->turns);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->turns != NULL) {
		bench_turns_stop(data->turns);
		(void)set_lock(data->fd, F_UNLCK, data->awaited);
	}
	if (data->fd > 0)
		(void)close(data->fd);
}

static const struct bench lat_fcntl_lock = {
	.name = "lat_fcntl_lock",
	.summary = "hand a record lock over to a process that waits for it",
	.doc = "Times one turn of two processes that take turns by record locks on three bytes of a\n"
	       "memory file: an F_SETLKW that unlocks the byte the other process waits for, and one\n"
	       "that waits for a byte which the other holds. So a hand-over is two fcntl() calls, a\n"
	       "wake-up and a context switch; the figure is per hand-over, half a round trip. Three\n"
	       "bytes, because with two the faster process could take back what it has just given\n"
	       "up. VFS code alone answers, as on any local file system. Work proof: after each\n"
	       "round trip the other process must have counted exactly one turn more, and on one CPU\n"
	       "one context switch a hand-over was counted.\n"
	       "Idea: lmbench's record lock latency, whose two processes use two files.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.operations_per_iteration = HANDOVERS_PER_TRIP,
	.expectations = {{BENCH_SWITCHES, 0.95, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_fcntl_lock);
