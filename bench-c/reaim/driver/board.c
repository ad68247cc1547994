// SPDX-License-Identifier: GPL-2.0-or-later
#include "board.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t aligned(size_t size)
{
	return (size + 63) / 64 * 64;
}

size_t board_size(size_t users, size_t tests)
{
	return aligned(sizeof(struct board)) + users * sizeof(struct seat) +
	       aligned(users * tests * sizeof(struct job_totals)) +
	       tests * sizeof(struct histogram);
}

struct board *board_new(size_t users, size_t tests)
{
	size_t size = board_size(users, tests);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	struct board *board = (void *)memory;
	board->users = users;
	board->tests = tests;
	board->size = size;
	memory += aligned(sizeof(*board));
	board->seats = (void *)memory;
	memory += users * sizeof(struct seat);
	board->totals = (void *)memory;
	memory += aligned(users * tests * sizeof(struct job_totals));
	board->histograms = (void *)memory;
	for (size_t i = 0; i < users; i++)
		board->seats[i].test = -1;
	return board;
}

void board_free(struct board *board)
{
	if (board != NULL)
		(void)munmap(board, board->size);
}

struct job_totals *board_totals(const struct board *board, size_t user, size_t test)
{
	return &board->totals[user * board->tests + test];
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	(void)syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_wake_all(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Waking takes its time for each, and an idle processor needs longer: so who is awake gives way
 * until the last is. All are then running or ready to run. */
void board_wait_for_start(struct board *board)
{
	while (atomic_load_explicit(&board->started, memory_order_acquire) == 0)
		futex_wait(&board->started, 0);
	(void)atomic_fetch_add(&board->arrived, 1);
	while (atomic_load_explicit(&board->arrived, memory_order_relaxed) < board->users)
		(void)sched_yield();
}

void board_start(struct board *board)
{
	board->start_ns = monotonic_ns();
	atomic_store_explicit(&board->started, 1, memory_order_release);
	futex_wake_all(&board->started);
	board->released_ns = monotonic_ns();
}

static bool is_eighth(const struct board *board, size_t ended)
{
	return ended * 8 >= board->users;
}

bool board_is_eighth_done(const struct board *board)
{
	return is_eighth(board, atomic_load(&board->ended));
}

bool board_end(struct board *board)
{
	size_t before = atomic_fetch_add(&board->ended, 1);

	if (before + 1 == board->users)
		futex_wake_all(&board->ended);
	return !is_eighth(board, before) && is_eighth(board, before + 1);
}

void board_wait_for_end(struct board *board)
{
	uint32_t ended = atomic_load(&board->ended);

	while (ended < board->users) {
		futex_wait(&board->ended, ended);
		ended = atomic_load(&board->ended);
	}
}
