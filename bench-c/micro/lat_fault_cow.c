// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a write to a page that another process or a file still needs as it was.
 * Why: copy-on-write is what fork() puts off: the copying of the parent's memory is paid here.
 * Source: fork(2), mmap(2); the lmbench paper (USENIX 1996) has it inside its process figures.
 */
#include "bench_file.h"
#include "bench_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES_MAX = 8192 };
enum { SHARED_BY_FORK, SHARED_BY_FILE };

struct data {
	struct bench_pages pages;
	struct bench_file file;
	struct bench_faults mark;
	bool by_file;
	pid_t child;
	int to_child; /* closed to let it end */
	uint64_t round;
	uint64_t pages_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	size_t page_bytes = bench_page_bytes();

	data->by_file = bench_value(state, "page") == SHARED_BY_FILE;
	data->to_child = -1;
	if (!data->by_file)
		return BENCH_OK;
	int error = bench_file_make(state, &data->file, NULL, PAGES_MAX * page_bytes);
	if (error == 0)
		error = bench_pages_reserve(state, &data->pages, PAGES_MAX * page_bytes);
	if (error == 0 && mmap(data->pages.start, data->pages.bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_FIXED, data->file.fd, 0) == MAP_FAILED)
		error = bench_fail(state, "mmap: %s", strerror(errno));
	return error;
}

static void write_round(const struct data *data, uint64_t iterations)
{
	for (uint64_t i = 0; i < iterations; i++)
		*(volatile uint64_t *)(void *)(data->pages.start + i * data->pages.page_bytes) =
			data->round;
}

/* Holds the pages until it is let go, and says whether they are as they were. */
static void hold_pages(const struct data *data, uint64_t iterations, int from, pid_t parent)
{
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || read(from, &byte, 1) != 0)
		_exit(1);
	for (uint64_t i = 0; i < iterations; i++)
		if (*(const volatile uint64_t *)(const void *)(data->pages.start +
							       i * data->pages.page_bytes) !=
		    data->round)
			_exit(1);
	_exit(0);
}

static int share_with_child(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	pid_t parent = getpid();
	int ends[2];

	int error = bench_pages_grow(state, &data->pages, iterations * bench_page_bytes());
	if (error != 0)
		return error;
	write_round(data, iterations);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return bench_fail(state, "pipe: %s", strerror(errno));
	data->child = fork();
	if (data->child == 0) {
		(void)close(ends[1]);
		hold_pages(data, iterations, ends[0], parent);
	}
	(void)close(ends[0]);
	data->to_child = ends[1];
	if (data->child < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	return BENCH_OK;
}

/* MADV_DONTNEED drops the copies; a read maps the file's page, not writable. */
static int share_with_file(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	uint64_t sum = 0;

	if (madvise(data->pages.start, data->pages.bytes, MADV_DONTNEED) != 0)
		return bench_fail(state, "madvise DONTNEED: %s", strerror(errno));
	for (uint64_t i = 0; i < iterations; i++)
		sum += *(const volatile uint64_t *)(const void *)(data->pages.start +
								  i * data->pages.page_bytes);
	bench_use(sum);
	return BENCH_OK;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	int error = data->by_file ? share_with_file(state, iterations)
				  : share_with_child(state, iterations);
	data->round++;
	data->mark = bench_faults_now();
	return error;
}

/* The word beside the one written came with the copy: in the child's page it is zero, in the
 * file's the one of its place. */
BENCH_COUNTED static int write_pages(struct data *data, uint64_t iterations, uint64_t factor)
{
	size_t page_bytes = data->pages.page_bytes;
	uint64_t round = data->round;
	uint64_t pages_right = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		volatile uint64_t *words =
			(volatile uint64_t *)(void *)(data->pages.start + i * page_bytes);
		words[0] = round;
		pages_right += words[1] == factor * bench_file_word(i * page_bytes + 8);
	}
	data->pages_right += pages_right;
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	return write_pages(data, iterations, data->by_file ? 1 : 0);
}

static int let_child_go(struct bench_state *state)
{
	struct data *data = bench_data(state);
	int status = 0;

	(void)close(data->to_child);
	data->to_child = -1;
	pid_t got = waitpid(data->child, &status, 0);
	data->child = 0;
	if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return BENCH_OK;
	return bench_fail(state, "the other process lost its pages (wait status %#x)",
			  (unsigned)status);
}

static int restore(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	int error = bench_faults_check(state, &data->mark, iterations, 1, 0);
	if (error == 0 && !data->by_file)
		error = let_child_go(state);
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->pages_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->child > 0)
		(void)let_child_go(state);
	bench_pages_unmap(&data->pages);
	bench_file_close(&data->file);
}

static const char *const page_words[] = {"forked", "file", NULL};
static const struct bench_parameter parameters[] = {
	{.name = "page", .about = "what else needs the page", .words = page_words},
	{0},
};

static const struct bench lat_fault_cow = {
	.name = "lat_fault_cow",
	.summary = "page fault: write to a page shared after fork, or to a file's private page",
	.doc = "Times one write to each page that must first be copied. page=forked: anonymous pages\n"
	       "that a child, forked before each run, still holds. page=file: pages of a MAP_PRIVATE\n"
	       "file mapping, read before and so mapped without the right to write. Forking, reading\n"
	       "and the child's end are not timed. Huge pages are forbidden. Work proof: beside the\n"
	       "written word each page has what the original has, the child finds its own pages\n"
	       "unchanged, and the kernel must count one minor fault per timed operation within 1 %\n"
	       "(the counts printed beside the figure hold the faults of fork and preparation too).\n"
	       "Idea: the cost that fork() puts off; in the lmbench paper it is part of its process\n"
	       "creation figures.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.iterations_max = PAGES_MAX,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_MINOR_FAULTS, 0.99, 0}, {BENCH_MAJOR_FAULTS, 0, 0.001}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.restore = restore,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_fault_cow);
