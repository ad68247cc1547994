// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass.h"

#include "cache.h"
#include "complain.h"
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RELEASED_FLOOR_S = 10, TIMEOUT_FLOOR_S = 600, NANOSECONDS = 1000000000 };

/* A pass under way. */
struct running {
	struct pass *pass;
	struct monitor *monitor;
	struct crew crew;
	int ready_fd; /* our end */
	size_t ready;
	bool is_halt_sent;
	uint64_t timeout_s;
	uint64_t deadline_ns;
	int status; /* the worst so far */
};

uint64_t pass_timeout_s(const struct settings *settings, size_t users, size_t blocks)
{
	uint64_t released_s = users * (blocks > RELEASED_FLOOR_S ? blocks : RELEASED_FLOOR_S);

	if (settings->timeout_s > 0)
		return (uint64_t)settings->timeout_s;
	if (settings->compat || released_s > TIMEOUT_FLOOR_S)
		return released_s;
	return TIMEOUT_FLOOR_S;
}

static const char *test_name(const struct running *run, int test)
{
	return test < 0 ? "before its first sub-test" : run->pass->workfile->tests[test].op->name;
}

static int complain_of_child(const struct running *run, size_t child, const char *what)
{
	struct seat *seat = &run->pass->board->seats[child];

	return complain(EXIT_FAILED, "child %zu of %zu: %s: %s (after %llu jobs)", child,
			run->pass->around.users, test_name(run, atomic_load(&seat->test)), what,
			(unsigned long long)atomic_load(&seat->jobs_done));
}

/* How a child ended. An exit in the middle of a job is an error even with status 0. */
static int judge_child(const struct running *run, size_t child, int wait_status)
{
	struct seat *seat = &run->pass->board->seats[child];
	char what[REASON_SIZE + 64];
	int state = atomic_load(&seat->state);

	if (WIFSIGNALED(wait_status)) {
		int number = WTERMSIG(wait_status);
		(void)snprintf(what, sizeof(what), "killed by signal %d (%s)%s", number,
			       strsignal(number), number == SIGKILL ? "; did memory run out?" : "");
		return complain_of_child(run, child, what);
	}
	if (state == SEAT_DONE && WEXITSTATUS(wait_status) == REAIM_OK)
		return EXIT_DONE;
	if (state == SEAT_SKIP && WEXITSTATUS(wait_status) == REAIM_SKIP)
		return EXIT_SKIPPED;
	if (seat->reason[0] != '\0') {
		int length = snprintf(what, sizeof(what), "%s", seat->reason);
		if (seat->error_number != 0)
			(void)snprintf(what + length, sizeof(what) - (size_t)length, " [errno %d]",
				       seat->error_number);
		return complain_of_child(run, child, what);
	}
	(void)snprintf(what, sizeof(what), "it ended the process, with status %d",
		       WEXITSTATUS(wait_status));
	return complain_of_child(run, child, what);
}

static void worsen(struct running *run, int status)
{
	if (status != EXIT_DONE && run->status != EXIT_FAILED)
		run->status = status;
}

static void send_halt(struct running *run)
{
	if (run->is_halt_sent || !board_is_eighth_done(run->pass->board))
		return;
	run->is_halt_sent = true;
	worsen(run, monitor_start(run->monitor, MONITOR_HALT));
}

static void reap_all(struct running *run)
{
	for (pid_t pid = crew_next_ended(); pid != 0; pid = crew_next_ended()) {
		ssize_t child = crew_index(&run->crew, pid);
		if (child >= 0) {
			int wait_status = crew_reap(&run->crew, (size_t)child);
			worsen(run, judge_child(run, (size_t)child, wait_status));
		} else if (pid == run->monitor->pid) {
			worsen(run, monitor_ended(run->monitor, reap(pid)));
		} else {
			(void)reap(pid);
		}
	}
}

/* Of the first that keeps the others waiting. */
static int complain_of_time(const struct running *run)
{
	for (size_t i = 0; i < run->crew.count; i++) {
		char what[96];
		int state = atomic_load(&run->pass->board->seats[i].state);
		if (run->crew.pids[i] == 0 || state == SEAT_READY || state == SEAT_ENDED)
			continue;
		(void)snprintf(what, sizeof(what), "not done after %llu s (see --timeout)",
			       (unsigned long long)run->timeout_s);
		return complain_of_child(run, i, what);
	}
	return complain(EXIT_FAILED, "not done after %llu s (see --timeout)",
			(unsigned long long)run->timeout_s);
}

/* Wait for one event and take it in. */
static void step(struct running *run, int fd)
{
	uint64_t tool_ns = monitor_deadline_ns(run->monitor);
	uint64_t deadline_ns = tool_ns < run->deadline_ns ? tool_ns : run->deadline_ns;
	char bytes[256];
	ssize_t count;

	switch (event_wait(fd, deadline_ns)) {
	case EVENT_READY:
		count = read(fd, bytes, sizeof(bytes));
		run->ready += count > 0 ? (size_t)count : 0;
		break;
	case EVENT_CHILD:
		reap_all(run);
		break;
	case EVENT_INTERRUPT:
		worsen(run,
		       complain(EXIT_FAILED, "interrupted by %s", strsignal(event_interrupt())));
		break;
	case EVENT_TIMEOUT:
		worsen(run, deadline_ns == tool_ns ? monitor_expire(run->monitor)
						   : complain_of_time(run));
		break;
	}
}

static int start_children(struct running *run)
{
	struct pass *pass = run->pass;

	(void)fflush(NULL); /* what is buffered would be written by each child again */
	for (size_t i = 0; i < pass->around.users; i++) {
		pid_t pid = fork();
		if (pid == 0)
			child_run(pass, i);
		if (pid < 0)
			return complain(EXIT_FAILED, "child %zu of %zu: fork: %s [errno %d]", i,
					pass->around.users, strerror(errno), errno);
		crew_add(&run->crew, pid);
	}
	return EXIT_DONE;
}

static void arm(struct running *run)
{
	run->deadline_ns = monotonic_ns() + run->timeout_s * NANOSECONDS;
}

static void write_back(const struct surroundings *around)
{
	if (around->settings->no_sync)
		return;
	if (around->settings->compat)
		sync();
	else
		scratch_sync(around->scratch);
}

/* Before users prepare: what they read or write then is what they want to find in the cache.
 * Pages that are not on the disk stay, so they are written first. */
static void empty_cache(struct running *run)
{
	const struct surroundings *around = &run->pass->around;

	if (!around->settings->drop_cache)
		return;
	write_back(around);
	worsen(run, cache_drop(around->scratch));
}

static void go(struct running *run)
{
	const struct pass *pass = run->pass;

	write_back(&pass->around);
	board_start(pass->board);
	worsen(run, monitor_start(run->monitor, MONITOR_BEGIN));
	arm(run);
}

static void run_to_end(struct running *run)
{
	size_t users = run->pass->around.users;

	arm(run);
	if (!run->pass->probe)
		empty_cache(run);
	if (run->status == EXIT_DONE)
		worsen(run, start_children(run));
	while (run->status == EXIT_DONE && run->ready < users && !run->pass->probe)
		step(run, run->ready_fd);
	if (run->status == EXIT_DONE && !run->pass->probe)
		go(run);
	while (run->status == EXIT_DONE && run->crew.alive > 0) {
		step(run, run->ready_fd);
		if (!run->pass->probe)
			send_halt(run);
	}
}

int pass_run(struct pass *pass, struct monitor *monitor)
{
	struct running run = {.pass = pass, .monitor = monitor, .ready_fd = -1};
	int pipe_fds[2] = {-1, -1};

	pass->parent = getpid();
	run.timeout_s =
		pass_timeout_s(pass->around.settings, pass->around.users, pass->around.blocks) +
		pass->period_ns / NANOSECONDS;
	if (crew_new(&run.crew, pass->around.users) != 0 || pipe2(pipe_fds, O_CLOEXEC) != 0) {
		run.status = complain(EXIT_FAILED, "cannot prepare a pass of %zu users: %s",
				      pass->around.users, strerror(errno));
		goto out;
	}
	run.ready_fd = pipe_fds[0];
	pass->ready_fd = pipe_fds[1];
	run_to_end(&run);
	if (run.status == EXIT_DONE)
		run.status = monitor_finish(monitor);
out:
	monitor_kill(monitor);
	crew_free(&run.crew);
	for (int i = 0; i < 2; i++)
		if (pipe_fds[i] >= 0)
			(void)close(pipe_fds[i]);
	return run.status;
}

const char *pass_skip_reason(const struct board *board, size_t *test)
{
	for (size_t i = 0; i < board->users; i++) {
		if (atomic_load(&board->seats[i].state) != SEAT_SKIP)
			continue;
		*test = (size_t)atomic_load(&board->seats[i].test);
		return board->seats[i].reason;
	}
	return "";
}
