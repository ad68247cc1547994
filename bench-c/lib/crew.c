// SPDX-License-Identifier: GPL-2.0-or-later
#include "crew.h"

#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_AGAIN_MS = 100 }; /* for a copy that has died */

struct member {
	int status;
	uint64_t begin_ns;
	uint64_t end_ns;
	double took_ns;
	uint64_t operations_per_iteration;
	uint64_t bytes_per_operation;
};

/* In memory that all copies share. Each counter has a line of its own. */
struct crew {
	_Alignas(64) _Atomic uint32_t order; /* rises with each batch; futex of the copies */
	_Atomic bool end;
	bool overhead;
	uint64_t iterations;
	_Alignas(64) _Atomic uint32_t at_gate; /* arrivals ever */
	_Alignas(64) _Atomic uint32_t done;    /* copies through with the order; futex */
	_Alignas(64) struct bench_state *state;
	const struct clock *clock;
	size_t size;
	unsigned copies;
	unsigned tasks_per_copy;
	struct member members[];
};

/* What a copy needs to wait at the gate. */
struct place_at_gate {
	struct crew *crew;
	uint32_t open_at; /* arrivals */
};

static void futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
	const struct timespec patience = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};

	(void)syscall(SYS_futex, word, FUTEX_WAIT, seen, &patience, NULL, 0);
}

static void futex_wake_all(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Yielding lets copies that share a CPU arrive. One that has died never will; one that could not
 * prepare comes here all the same. */
static void wait_at_gate(void *context)
{
	const struct place_at_gate *place = context;
	struct crew *crew = place->crew;

	atomic_fetch_add(&crew->at_gate, 1);
	while (atomic_load(&crew->at_gate) < place->open_at && !crew->end)
		(void)sched_yield();
}

static void report_done(struct crew *crew)
{
	if (atomic_fetch_add(&crew->done, 1) + 1 == crew->copies)
		futex_wake_all(&crew->done);
}

static int follow_orders(struct crew *crew, struct member *member, struct bench_state *state)
{
	struct place_at_gate place = {.crew = crew};
	const struct batch_hooks hooks = {.begin = wait_at_gate, .context = &place};
	struct batch batch = {.clock = crew->clock, .hooks = &hooks};
	uint32_t order = 0;

	for (;;) {
		while (atomic_load(&crew->order) == order)
			futex_wait(&crew->order, order);
		order++;
		if (crew->end)
			return BENCH_OK;
		place.open_at = order * crew->copies;
		batch.run = crew->overhead ? state->bench->overhead : state->bench->run;
		batch.iterations = crew->iterations;
		member->status = batch_run(state, &batch);
		member->begin_ns = batch.begin_ns;
		member->end_ns = batch.end_ns;
		member->took_ns = batch.took_ns;
		int error = member->status; /* the coordinator may go on at once */
		report_done(crew);
		if (error != 0)
			return error;
	}
}

/* A copy from its birth to its end. */
static int be_member(struct crew *crew, unsigned index)
{
	struct bench_state *leader = crew->state;
	struct member *member = &crew->members[index];
	struct bench_state *state = calloc(1, sizeof(*state));

	if (state == NULL) {
		member->status = bench_fail(leader, "no memory for copy %u", index);
		report_done(crew);
		return BENCH_ERROR;
	}
	int error = state_open(state, leader->result, &leader->allowed, leader->topology);
	state->first_task = index * crew->tasks_per_copy;
	if (error == 0)
		error = state_place(state, 0);
	if (error == 0 && state->bench->setup != NULL)
		error = state->bench->setup(state);
	member->status = error;
	member->operations_per_iteration = state->operations_per_iteration;
	member->bytes_per_operation = state->bytes_per_operation;
	report_done(crew);
	if (error == 0)
		error = follow_orders(crew, member, state);
	if (state->bench->teardown != NULL)
		state->bench->teardown(state);
	int reap_error = state_reap(state, error != 0);
	state_close(state);
	free(state);
	return error != 0 ? error : reap_error;
}

static int member_body(struct bench_state *leader, unsigned index)
{
	return be_member(leader->crew, index);
}

/* A copy that dies without a word would be waited for until the deadline. */
static int look_for_the_dead(struct crew *crew)
{
	for (size_t i = 0; i < crew->state->child_count; i++) {
		siginfo_t info = {.si_pid = 0};
		pid_t pid = crew->state->children[i];
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			return bench_fail(crew->state, "copy %zu ended early", i);
	}
	return BENCH_OK;
}

/* The first bad news; a copy that skips is no error. */
static int wait_for_all(struct crew *crew)
{
	for (;;) {
		uint32_t done = atomic_load(&crew->done);
		if (done == crew->copies)
			break;
		futex_wait(&crew->done, done);
		if (atomic_load(&crew->done) < crew->copies && look_for_the_dead(crew) != 0)
			return BENCH_ERROR;
	}
	for (unsigned i = 0; i < crew->copies; i++)
		if (crew->members[i].status != 0)
			return crew->members[i].status;
	return BENCH_OK;
}

static struct crew *map_crew(const struct bench_state *state)
{
	size_t size = sizeof(struct crew) + state->result->spec.copies * sizeof(struct member);
	struct crew *crew = mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (crew == MAP_FAILED)
		return NULL;
	crew->size = size;
	return crew;
}

/* A process is born where it will stay: its address space has then run nowhere else. */
static int start_member(struct bench_state *state, unsigned index)
{
	if (state->result->spec.threads)
		return state_start_thread(state, member_body, NOT_PLACED);
	int error = state_place(state, (size_t)index * state->crew->tasks_per_copy);
	return error != 0 ? error : state_start_process(state, member_body, NOT_PLACED);
}

int crew_start(struct crew **crew_out, struct bench_state *state, const struct clock *clock)
{
	const struct spec *spec = &state->result->spec;
	struct crew *crew = map_crew(state);
	int error = BENCH_OK;

	*crew_out = crew;
	if (crew == NULL)
		return bench_fail(state, "no memory for %u copies: %s", spec->copies,
				  strerror(errno));
	crew->state = state;
	crew->clock = clock;
	crew->copies = spec->copies;
	crew->tasks_per_copy = spec_tasks(spec) / spec->copies;
	state->crew = crew;
	for (unsigned i = 0; i < crew->copies && error == 0; i++)
		error = start_member(state, i);
	if (error == 0 && sched_setaffinity(0, sizeof(state->allowed), &state->allowed) != 0)
		error = bench_fail(state, "cannot leave the copies' CPU: %s", strerror(errno));
	if (error == 0)
		error = wait_for_all(crew);
	if (error == 0) {
		state->operations_per_iteration = crew->members[0].operations_per_iteration;
		state->bytes_per_operation = crew->members[0].bytes_per_operation;
	}
	return error;
}

static void give_order(struct crew *crew)
{
	atomic_store(&crew->done, 0);
	atomic_fetch_add(&crew->order, 1);
	futex_wake_all(&crew->order);
}

int crew_run(struct crew *crew, struct batch *batch)
{
	double took_ns = 0;

	crew->iterations = batch->iterations;
	crew->overhead = batch->run == crew->state->bench->overhead;
	give_order(crew);
	int error = wait_for_all(crew);
	if (error != 0)
		return error;
	batch->begin_ns = UINT64_MAX;
	batch->end_ns = 0;
	batch->shortest_ns = INFINITY;
	for (unsigned i = 0; i < crew->copies; i++) {
		const struct member *member = &crew->members[i];
		if (member->begin_ns < batch->begin_ns)
			batch->begin_ns = member->begin_ns;
		if (member->end_ns > batch->end_ns)
			batch->end_ns = member->end_ns;
		took_ns += member->took_ns / crew->copies;
		batch->shortest_ns =
			fmin(batch->shortest_ns, (double)(member->end_ns - member->begin_ns));
	}
	batch->took_ns = took_ns;
	crew->state->operations +=
		crew->copies * batch->iterations * crew->state->operations_per_iteration;
	return BENCH_OK;
}

void crew_stop(struct crew *crew)
{
	if (crew == NULL)
		return;
	crew->end = true;
	give_order(crew);
}

void crew_free(struct crew *crew)
{
	if (crew != NULL)
		(void)munmap(crew, crew->size);
}
