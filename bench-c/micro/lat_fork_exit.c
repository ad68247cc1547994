// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: fork(), a child that ends at once with _exit(), and waitpid() for it.
 * Why: life and death of a process: copying and freeing an address space, scheduling a new
 * task, sending its end to the parent. _exit() and not exit(): no atexit() handlers and no
 * stdio in the figure. The size of the parent matters, and is a parameter.
 * Source: lmbench paper (USENIX 1996), process creation costs; fork(2), _exit(2), wait(2).
 */
#include "bench_pages.h"
#include "bench_process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MASK = 0x7f, TOUCHED_BYTES_MAX = 256 << 20 };

struct data {
	struct bench_pages touched;
	uint64_t children_right;
};

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct bench_pages *pages = &data->touched;
	size_t bytes = (size_t)bench_value(state, "touched_bytes");

	if (bytes == 0)
		return BENCH_OK;
	int error = bench_pages_map(state, pages, bytes);
	if (error == 0)
		bench_pages_touch(pages->start, pages->bytes, pages->page_bytes);
	return error;
}

/* The child's status is a number that only it was given: it has run its own code. */
static int fork_and_wait(struct bench_state *state, int expected)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(expected);
	if (pid < 0)
		return bench_fail(state, "fork: %s", strerror(errno));
	return bench_await(state, pid, expected);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++) {
		int error = fork_and_wait(state, (int)(data->children_right & STATUS_MASK));
		if (error != 0)
			return error;
		data->children_right++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->children_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->touched.start != NULL)
		bench_pages_unmap(&data->touched);
}

static const struct bench_parameter parameters[] = {
	{.name = "touched_bytes",
	 .about = "private memory of the parent, in base pages, beside that of the program",
	 .max = TOUCHED_BYTES_MAX},
	{0},
};

static const struct bench lat_fork_exit = {
	.name = "lat_fork_exit",
	.summary = "fork a child that exits at once, and wait for it",
	.doc = "Times fork(), _exit() in the child and waitpid() in the parent, of a small statically\n"
	       "linked process. Parent and child share the placement: with same-cpu both use one\n"
	       "CPU, with free the child may start on another. touched_bytes gives the parent that\n"
	       "much private memory, written once before: for each page fork() copies an entry of\n"
	       "the page tables and the child's end drops it; no page is copied. Page faults per\n"
	       "operation, reported beside the figure, are those of both. Work proof: each child\n"
	       "ends with the status it was told, which differs from its predecessor's, and each is\n"
	       "reaped.\n"
	       "Idea: lmbench paper, process creation costs; there the child ends through exit(),\n"
	       "with all that libc does at the end of a process, and its status is not looked at. A\n"
	       "dynamically linked process has more mappings: half as much again.",
	.figure = BENCH_LATENCY,
	.timeout_s = 20,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_fork_exit);
