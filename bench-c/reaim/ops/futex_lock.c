// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that fight for one lock made of a futex. The holder yields now and then, so that the
 * others have to queue in the kernel even on one CPU.
 * Source: futex(2), futex(7); Drepper, "Futexes Are Tricky" (2011), the lock of three states.
 */
#include "threads.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 4, SECTIONS = 500, YIELD_EVERY = 8 };
enum { UNLOCKED, LOCKED, CONTENDED };

struct lock {
	uint32_t word;
	uint64_t sections; /* only changed under the lock, and not atomically: it proves the lock */
};

struct fighter {
	struct lock *lock;
	uint64_t sleeps; /* waits that another thread ended */
	int error;
};

static void acquire(struct fighter *fighter)
{
	uint32_t *word = &fighter->lock->word;
	uint32_t seen = UNLOCKED;

	if (__atomic_compare_exchange_n(word, &seen, LOCKED, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, CONTENDED, __ATOMIC_ACQUIRE) != UNLOCKED) {
		if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, CONTENDED, NULL) == 0)
			fighter->sleeps++;
		else if (errno != EAGAIN && errno != EINTR)
			fighter->error = errno;
	}
}

static void release(struct fighter *fighter)
{
	uint32_t *word = &fighter->lock->word;

	if (__atomic_exchange_n(word, UNLOCKED, __ATOMIC_RELEASE) == CONTENDED &&
	    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1) < 0)
		fighter->error = errno;
}

static void *fight(void *argument)
{
	struct fighter *fighter = argument;

	for (unsigned int i = 0; i < SECTIONS && fighter->error == 0; i++) {
		acquire(fighter);
		fighter->lock->sections++;
		if (i % YIELD_EVERY == 0)
			(void)sched_yield();
		release(fighter);
	}
	return NULL;
}

/* The lock is held until somebody wants it, so that threads meet where each would otherwise be
 * done before the next is made. */
static void begin_fight(void *arguments)
{
	const struct fighter *first = arguments;
	struct fighter holder = {.lock = first->lock};

	while (__atomic_load_n(&holder.lock->word, __ATOMIC_RELAXED) != CONTENDED)
		(void)sched_yield();
	release(&holder);
}

static int run(struct reaim_job *job)
{
	struct lock lock = {LOCKED, 0};
	struct fighter fighters[THREADS];
	uint64_t sleeps = 0;

	for (unsigned int i = 0; i < THREADS; i++)
		fighters[i] = (struct fighter){.lock = &lock};
	int error = threads_run(job, THREADS, fight, begin_fight, fighters, sizeof(fighters[0]));
	if (error != REAIM_OK)
		return error;
	for (unsigned int i = 0; i < THREADS; i++) {
		errno = fighters[i].error;
		if (errno != 0)
			return reaim_fail(job, "futex: %m");
		sleeps += fighters[i].sleeps;
	}
	if (sleeps == 0)
		return reaim_fail(job, "no thread ever waited for the lock");
	reaim_did(job, lock.sections);
	return REAIM_OK;
}

static const struct reaim_op futex_lock = {
	.name = "futex_lock",
	.unit = "Contended Lock Sections",
	.doc = "Four threads take one futex lock 500 times each, and the holder yields every eighth "
	       "time. A plain counter under the lock must have lost nothing, and threads must have "
	       "slept in the kernel.",
	.operations = THREADS * SECTIONS,
	.work_per_job = THREADS * SECTIONS,
	.run = run,
};
REAIM_REGISTER(futex_lock);
