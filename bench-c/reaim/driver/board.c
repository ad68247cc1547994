// SPDX-License-Identifier: GPL-2.0-or-later
#include "board.h"

#include <limits.h>
#include <linux/futex.h>
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

void board_wait_for_start(struct board *board)
{
	while (atomic_load_explicit(&board->started, memory_order_acquire) == 0)
		(void)syscall(SYS_futex, &board->started, FUTEX_WAIT, 0, NULL, NULL, 0);
}

void board_start(struct board *board)
{
	board->start_ns = monotonic_ns();
	atomic_store_explicit(&board->started, 1, memory_order_release);
	(void)syscall(SYS_futex, &board->started, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	board->released_ns = monotonic_ns();
}
