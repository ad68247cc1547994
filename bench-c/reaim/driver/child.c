// SPDX-License-Identifier: GPL-2.0-or-later
#include "child.h"

#include "formulas.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The child's own memory: all of it touched before the start. */
struct work {
	const struct pass *pass;
	struct seat *seat;
	struct user user;
	struct reaim_job *jobs; /* one per test */
	struct histogram *histograms;
	struct job_totals *totals;
	uint16_t *order;
	uint64_t *durations_ns; /* of the plan's jobs, as they were done */
	uint64_t *sorted_ns;	/* room to put a test's in order */
};

static const enum seat_state seat_of_status[] = {
	[REAIM_OK] = SEAT_DONE,
	[REAIM_ERROR] = SEAT_FAILED,
	[REAIM_SKIP] = SEAT_SKIP,
};

/* Its own process group, so that helpers and scripts end with it, and silence: standard output
 * belongs to the report. */
static void settle(const struct pass *pass)
{
	sigset_t none;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "reaim-user");
	if (getppid() != pass->parent)
		_exit(REAIM_ERROR);
	(void)signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)dup2(pass->around.null_fd, STDIN_FILENO);
	(void)dup2(pass->around.null_fd, STDOUT_FILENO);
}

static bool has_work(const struct pass *pass, size_t test)
{
	if (pass->period_ns > 0)
		return test == pass->only_test;
	return pass->plan->loads[test] > 0;
}

static void *touched(size_t count, size_t size)
{
	void *memory = malloc(count * size);

	if (memory != NULL)
		memset(memory, 0, count * size);
	return memory;
}

static int allocate(struct work *work)
{
	size_t tests = work->pass->workfile->count;

	work->jobs = touched(tests, sizeof(*work->jobs));
	work->histograms = touched(tests, sizeof(*work->histograms));
	work->totals = touched(tests, sizeof(*work->totals));
	work->order = touched(work->pass->plan->jobs, sizeof(*work->order));
	work->durations_ns = touched(work->pass->plan->jobs, sizeof(*work->durations_ns));
	work->sorted_ns = touched(work->pass->plan->jobs, sizeof(*work->sorted_ns));
	if (work->jobs == NULL || work->histograms == NULL || work->totals == NULL ||
	    work->order == NULL || work->durations_ns == NULL || work->sorted_ns == NULL) {
		work->seat->error_number = ENOMEM;
		(void)snprintf(work->seat->reason, REASON_SIZE, "no memory for the child's lists");
		return REAIM_ERROR;
	}
	for (size_t i = 0; i < tests; i++)
		work->totals[i].min_ns = UINT64_MAX;
	return REAIM_OK;
}

static void take_reason(struct seat *seat, const struct reaim_job *job)
{
	seat->error_number = job->error_number;
	(void)snprintf(seat->reason, REASON_SIZE, "%s", job->reason);
}

static int set_up(struct work *work)
{
	const struct workfile *workfile = work->pass->workfile;

	for (size_t i = 0; i < workfile->count; i++) {
		if (!has_work(work->pass, i))
			continue;
		atomic_store_explicit(&work->seat->test, (int)i, memory_order_relaxed);
		int status = job_set_up(&work->jobs[i], workfile->tests[i].op, &work->user, i);
		if (status != REAIM_OK) {
			take_reason(work->seat, &work->jobs[i]);
			return status;
		}
	}
	return REAIM_OK;
}

static void tear_down(struct work *work)
{
	for (size_t i = work->pass->workfile->count; i-- > 0;)
		if (work->jobs[i].op != NULL)
			job_tear_down(&work->jobs[i]);
}

static uint64_t nanoseconds(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

/* Processor time so far of this process and the helpers that it has reaped. */
static void read_usage(uint64_t *user_ns, uint64_t *system_ns)
{
	struct rusage self;
	struct rusage helpers;

	(void)getrusage(RUSAGE_SELF, &self);
	(void)getrusage(RUSAGE_CHILDREN, &helpers);
	*user_ns = nanoseconds(self.ru_utime) + nanoseconds(helpers.ru_utime);
	*system_ns = nanoseconds(self.ru_stime) + nanoseconds(helpers.ru_stime);
}

/* One clock reading per job: the end of a job is the beginning of the next. */
static int do_job(struct work *work, size_t test, uint64_t *now_ns)
{
	struct job_totals *totals = &work->totals[test];
	struct seat *seat = work->seat;

	atomic_store_explicit(&seat->test, (int)test, memory_order_relaxed);
	int status = job_run(&work->jobs[test]);
	uint64_t end_ns = monotonic_ns();
	uint64_t duration_ns = end_ns - *now_ns;

	*now_ns = end_ns;
	if (status != REAIM_OK) {
		take_reason(seat, &work->jobs[test]);
		return status;
	}
	totals->jobs++;
	totals->total_ns += duration_ns;
	totals->min_ns = duration_ns < totals->min_ns ? duration_ns : totals->min_ns;
	totals->max_ns = duration_ns > totals->max_ns ? duration_ns : totals->max_ns;
	histogram_add(&work->histograms[test], duration_ns);
	uint64_t done = atomic_load_explicit(&seat->jobs_done, memory_order_relaxed);
	atomic_store_explicit(&seat->jobs_done, done + 1, memory_order_relaxed);
	return REAIM_OK;
}

static int do_plan(struct work *work, uint64_t *now_ns)
{
	int status = REAIM_OK;

	for (size_t i = 0; i < work->pass->plan->jobs && status == REAIM_OK; i++) {
		uint64_t begin_ns = *now_ns;

		status = do_job(work, work->order[i], now_ns);
		work->durations_ns[i] = *now_ns - begin_ns;
	}
	return status;
}

/* The job under way at the end of the period is finished and counts. */
static int do_period(struct work *work, uint64_t *now_ns)
{
	uint64_t end_ns = *now_ns + work->pass->period_ns;
	int status = REAIM_OK;

	while (*now_ns < end_ns && status == REAIM_OK)
		status = do_job(work, work->pass->only_test, now_ns);
	return status;
}

static int measured(struct work *work)
{
	struct seat *seat = work->seat;
	uint64_t user_ns = 0;
	uint64_t system_ns = 0;

	seat->start_ns = monotonic_ns(); /* a first reading faults the clock's page in */
	board_wait_for_start(work->pass->board);
	seat->start_ns = monotonic_ns();
	(void)sched_yield(); /* where users outnumber CPUs: all cross the line before any gets far
			      */
	read_usage(&user_ns, &system_ns); /* the wait is not the jobs' */
	uint64_t now_ns = monotonic_ns();
	atomic_store(&seat->state, SEAT_AT_JOB);
	int status = work->pass->period_ns > 0 ? do_period(work, &now_ns) : do_plan(work, &now_ns);
	seat->end_ns = now_ns;
	read_usage(&seat->user_ns, &seat->system_ns);
	seat->user_ns -= user_ns;
	seat->system_ns -= system_ns;
	return status;
}

static int compare_durations(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Of the jobs of one test that were done; 0 if there were none. */
static double job_ns(const struct work *work, size_t test)
{
	uint64_t done = atomic_load_explicit(&work->seat->jobs_done, memory_order_relaxed);
	size_t count = 0;

	for (size_t i = 0; i < done && i < work->pass->plan->jobs; i++)
		if (work->order[i] == test)
			work->sorted_ns[count++] = work->durations_ns[i];
	qsort(work->sorted_ns, count, sizeof(*work->sorted_ns), compare_durations);
	return typical_job_ns(work->sorted_ns, count);
}

static void publish(const struct work *work)
{
	const struct pass *pass = work->pass;

	for (size_t i = 0; i < pass->workfile->count; i++) {
		if (pass->period_ns == 0)
			work->totals[i].typical_ns = job_ns(work, i);
		*board_totals(pass->board, work->user.number, i) = work->totals[i];
		histogram_merge(&pass->board->histograms[i], &work->histograms[i]);
	}
}

/* Nobody goes on before all are done: sorting, merging and cleaning up would take from those still
 * at work. A user that failed does not wait, it ends the pass for all. */
static void hold(const struct work *work)
{
	const struct pass *pass = work->pass;

	atomic_store(&work->seat->state, SEAT_ENDED);
	if (board_end(pass->board) && pass->around.settings->monitor != NULL &&
	    write(pass->ready_fd, "", 1) != 1)
		_exit(REAIM_ERROR);
	board_wait_for_end(pass->board);
}

static int prepared(struct work *work)
{
	struct random random =
		random_stream(work->pass->around.settings->seed, work->user.number, RANDOM_ORDER);

	atomic_store(&work->seat->state, SEAT_SETUP);
	int status = allocate(work);
	if (status != REAIM_OK)
		return status;
	plan_draw(work->pass->plan, &random, work->order);
	return set_up(work);
}

void child_run(const struct pass *pass, size_t number)
{
	struct work work = {.pass = pass, .seat = &pass->board->seats[number]};

	settle(pass);
	work.user = user_of(&pass->around, number);
	if (pass->probe)
		work.user.turn = pass->directory;
	int status = prepared(&work);
	if (status == REAIM_OK && !pass->probe) {
		atomic_store(&work.seat->state, SEAT_READY);
		if (write(pass->ready_fd, "", 1) != 1)
			_exit(REAIM_ERROR);
		status = measured(&work);
		if (status == REAIM_OK)
			hold(&work);
		atomic_store(&work.seat->state, SEAT_TEARDOWN);
		publish(&work);
	}
	if (work.jobs != NULL)
		tear_down(&work);
	atomic_store(&work.seat->state, seat_of_status[status]);
	_exit(status);
}

size_t child_memory(const struct workfile *workfile, const struct plan *plan)
{
	size_t size = plan->jobs * (sizeof(uint16_t) + 2 * sizeof(uint64_t));

	for (size_t i = 0; i < workfile->count; i++)
		size += sizeof(struct reaim_job) + sizeof(struct histogram) +
			sizeof(struct job_totals) + workfile->tests[i].op->data_size;
	return size;
}
