// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shared_memory: System V segments that a semaphore guards. A segment goes with its last user,
 * since it is marked for removal as soon as it is attached; only a process that is killed just
 * before that leaves it. A semaphore set stays, so its key holds the process that made it. What
 * the dead left is removed when a process of this program ends by exit(), and before a set is
 * made. It is known by owner, permissions and an odd size too: others may use such a key.
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
	SEMAPHORES = 13,	 /* of which the first is used */
	SEGMENT_TAIL_BYTES = 13, /* behind the block */
	ACCESS = 0600,
	ACCESS_MASK = 0777,
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

/* A zombie is dead too; it has no program any more. Without /proc nobody can tell, nor of a
 * process that this name space does not see (0). */
static bool is_dead(pid_t pid)
{
	char path[PATH_SIZE], program;

	if (pid == 0 || access("/proc/self/exe", F_OK) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, &program, sizeof(program)) < 0 && errno == ENOENT;
}

static bool has_our_access(const struct ipc_perm *permissions)
{
	return permissions->cuid == geteuid() && (permissions->mode & ACCESS_MASK) == ACCESS;
}

static bool is_our_set(const struct semid_ds *set)
{
	return has_our_access(&set->sem_perm) && set->sem_nsems == SEMAPHORES &&
	       (set->sem_perm.__key & ~KEY_PROCESS) == KEY_MARK;
}

static bool is_our_segment(const struct shmid_ds *segment)
{
	return has_our_access(&segment->shm_perm) && segment->shm_perm.__key == IPC_PRIVATE &&
	       segment->shm_segsz == sizeof(struct block) + SEGMENT_TAIL_BYTES;
}

static void remove_sets_of_the_dead(void)
{
	struct seminfo system;
	struct semid_ds set;
	int last_index = semctl(0, 0, SEM_INFO, (union semun){.__buf = &system});

	for (int i = 0; i <= last_index; i++) {
		int identifier = semctl(i, 0, SEM_STAT, (union semun){.buf = &set});
		if (identifier >= 0 && is_our_set(&set) &&
		    is_dead(set.sem_perm.__key & KEY_PROCESS))
			(void)semctl(identifier, 0, IPC_RMID);
	}
}

static void remove_segments_of_the_dead(void)
{
	union {
		struct shm_info info;
		struct shmid_ds argument; /* shmctl(2) takes every structure as this one */
	} system;
	struct shmid_ds segment;
	int last_index = shmctl(0, SHM_INFO, &system.argument);

	for (int i = 0; i <= last_index; i++) {
		int identifier = shmctl(i, SHM_STAT, &segment);
		if (identifier >= 0 && is_our_segment(&segment) && segment.shm_nattch == 0 &&
		    is_dead(segment.shm_cpid))
			(void)shmctl(identifier, IPC_RMID, NULL);
	}
}

static __attribute__((destructor)) void remove_what_the_dead_left(void)
{
	remove_sets_of_the_dead();
	remove_segments_of_the_dead();
}

/* One semaphore, free. A set with our own process number is one of the dead too. */
static int make_semaphore(struct reaim_job *job, struct guarded *guarded)
{
	key_t key = KEY_MARK | getpid();
	int old = semget(key, 0, ACCESS);
	struct semid_ds set;

	if (old >= 0 && semctl(old, 0, IPC_STAT, (union semun){.buf = &set}) == 0 &&
	    is_our_set(&set) && semctl(old, 0, IPC_RMID) != 0)
		return reaim_fail(job, "semctl IPC_RMID: %m");
	guarded->semaphores = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | ACCESS);
	if (guarded->semaphores < 0)
		return reaim_fail(job, "semget: %m");
	if (semctl(guarded->semaphores, 0, SETVAL, (union semun){.val = 1}) != 0)
		return reaim_fail(job, "semctl SETVAL: %m");
	return REAIM_OK;
}

static int attach_segment(struct reaim_job *job, struct block **segment)
{
	int identifier =
		shmget(IPC_PRIVATE, sizeof(struct block) + SEGMENT_TAIL_BYTES, IPC_CREAT | ACCESS);

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
	struct seminfo system;

	if (semctl(0, 0, SEM_INFO, (union semun){.__buf = &system}) < 0 && errno == ENOSYS)
		return reaim_skip(job, "semctl: %m: this kernel has no System V IPC");
	remove_what_the_dead_left();
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
