// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shared_memory: System V segments that a semaphore guards. A segment goes with its last user,
 * since it is marked for removal as soon as it is attached. A semaphore set would stay, so its
 * key holds the process that made it, and sets of the dead are removed when a process of this
 * program ends by exit(), and before a set is made.
 * Source: shmget(2), semop(2), semctl(2).
 */
#include "reaim_op.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum {
	OPERATIONS = 100,
	SEGMENTS = 4,
	BLOCK_WORDS = 128,
	KEY_MARK = 0x6b000000, /* above every process number: at most 2^22 */
	KEY_PROCESS = 0x003fffff,
	ACCESS = 0600,
	PATH_SIZE = 32,
};

struct block {
	uint64_t words[BLOCK_WORDS];
};

struct guarded {
	int semaphores;
	struct block *segments[SEGMENTS];
};

/* semctl(2): the caller defines it. */
union semun {
	int val;
	struct semid_ds *buf;
	struct seminfo *__buf;
};

/* A zombie is dead too; it has no program any more. Without /proc nobody can tell. */
static bool is_of_the_dead(key_t key)
{
	char path[PATH_SIZE], program;

	if ((key & ~KEY_PROCESS) != KEY_MARK || access("/proc/self/exe", F_OK) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", key & KEY_PROCESS);
	return readlink(path, &program, sizeof(program)) < 0 && errno == ENOENT;
}

static __attribute__((destructor)) void remove_sets_of_the_dead(void)
{
	struct seminfo system;
	struct semid_ds set;
	int last_index = semctl(0, 0, SEM_INFO, (union semun){.__buf = &system});

	for (int i = 0; i <= last_index; i++) {
		int identifier = semctl(i, 0, SEM_STAT, (union semun){.buf = &set});
		if (identifier >= 0 && is_of_the_dead(set.sem_perm.__key))
			(void)semctl(identifier, 0, IPC_RMID);
	}
}

/* One semaphore, free. A set with our own process number is one of the dead too. */
static int make_semaphore(struct reaim_job *job, struct guarded *guarded)
{
	key_t key = KEY_MARK | getpid();
	int old = semget(key, 0, ACCESS);

	if (old >= 0 && semctl(old, 0, IPC_RMID) != 0)
		return reaim_fail(job, "semctl IPC_RMID: %m");
	guarded->semaphores = semget(key, 1, IPC_CREAT | IPC_EXCL | ACCESS);
	if (guarded->semaphores < 0)
		return reaim_fail(job, "semget: %m");
	if (semctl(guarded->semaphores, 0, SETVAL, (union semun){.val = 1}) != 0)
		return reaim_fail(job, "semctl SETVAL: %m");
	return REAIM_OK;
}

static int attach_segment(struct reaim_job *job, struct block **segment)
{
	int identifier = shmget(IPC_PRIVATE, sizeof(struct block), IPC_CREAT | ACCESS);

	if (identifier < 0)
		return reaim_fail(job, "shmget: %m");
	void *address = shmat(identifier, NULL, 0);
	int attach_error = errno;
	int removed = shmctl(identifier, IPC_RMID, NULL);
	if (address == (void *)-1) {
		errno = attach_error;
		return reaim_fail(job, "shmat: %m");
	}
	*segment = address;
	if (removed != 0)
		return reaim_fail(job, "shmctl IPC_RMID: %m");
	return REAIM_OK;
}

static int move_semaphore(struct reaim_job *job, const struct guarded *guarded, short by)
{
	struct sembuf step = {.sem_op = by, .sem_flg = SEM_UNDO};
	int result;

	do
		result = semop(guarded->semaphores, &step, 1);
	while (result != 0 && errno == EINTR);
	if (result != 0)
		return reaim_fail(job, "semop: %m");
	return REAIM_OK;
}

/* Under the semaphore, a block goes in; under it again, it is taken out. */
static int one_operation(struct reaim_job *job, const struct guarded *guarded, uint64_t number)
{
	struct block in, out, *segment = guarded->segments[number % SEGMENTS];

	for (uint64_t i = 0; i < BLOCK_WORDS; i++)
		in.words[i] = number * BLOCK_WORDS + i;
	if (move_semaphore(job, guarded, -1) != REAIM_OK)
		return REAIM_ERROR;
	*segment = in;
	if (move_semaphore(job, guarded, 1) != REAIM_OK ||
	    move_semaphore(job, guarded, -1) != REAIM_OK)
		return REAIM_ERROR;
	reaim_use(segment);
	out = *segment;
	if (move_semaphore(job, guarded, 1) != REAIM_OK)
		return REAIM_ERROR;
	if (memcmp(&in, &out, sizeof(in)) != 0)
		return reaim_fail(job, "block %" PRIu64 " came out changed", number);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int operate(struct reaim_job *job, struct guarded *guarded)
{
	int status = make_semaphore(job, guarded);

	for (int i = 0; i < SEGMENTS && status == REAIM_OK; i++)
		status = attach_segment(job, &guarded->segments[i]);
	for (uint64_t i = 0; i < OPERATIONS && status == REAIM_OK; i++)
		status = one_operation(job, guarded, i);
	return status;
}

static int setup(struct reaim_job *job)
{
	(void)job;
	remove_sets_of_the_dead();
	return REAIM_OK;
}

static int run(struct reaim_job *job)
{
	struct guarded guarded = {.semaphores = -1};
	int status = operate(job, &guarded);

	for (int i = 0; i < SEGMENTS; i++)
		if (guarded.segments[i] != NULL && shmdt(guarded.segments[i]) != 0)
			status = reaim_fail(job, "shmdt: %m");
	if (guarded.semaphores >= 0 && semctl(guarded.semaphores, 0, IPC_RMID) != 0)
		status = reaim_fail(job, "semctl IPC_RMID: %m");
	return status;
}

static const struct reaim_op shared_memory = {
	.name = "shared_memory",
	.unit = "Shared Memory Operations",
	.doc = "Makes four System V segments and a semaphore, puts a block of 1 KiB into a segment and "
	       "takes it out again, each under the semaphore, 100 times, and removes them. What comes "
	       "out must be what went in.",
	.operations = OPERATIONS,
	.work_per_job = OPERATIONS,
	.setup = setup,
	.run = run,
};
REAIM_REGISTER(shared_memory);
