// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: touching a watched file and reading the event that inotify makes of it.
 * Why: what a watcher costs those it watches, and itself: an event allocated, queued, copied
 * out and freed, beside the change of the file.
 * Source: inotify(7).
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENTS_BYTES = 512 };

struct data {
	uint64_t right_events;
	int file;
	int inotify;
	int watch;
};

static int explain_refusal(struct bench_state *state, const char *call)
{
	if (errno == ENOSYS)
		return bench_skip(state, "no %s: needs CONFIG_INOTIFY_USER and memory files", call);
	if (errno == EMFILE || errno == ENOSPC)
		return bench_skip(state, "%s: this user's limit is reached (fs.inotify.max_user_*)",
				  call);
	return bench_fail(state, "%s: %s", call, strerror(errno));
}

/* A memory file has no path but the one of its descriptor. */
static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	char path[64];

	data->file = memfd_create("kbench", MFD_CLOEXEC);
	if (data->file < 0)
		return explain_refusal(state, "memfd_create");
	data->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (data->inotify < 0)
		return explain_refusal(state, "inotify_init1");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", data->file);
	data->watch = inotify_add_watch(data->inotify, path, IN_ATTRIB);
	return data->watch >= 0 ? BENCH_OK : explain_refusal(state, "inotify_add_watch");
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int watch = data->watch;

	for (uint64_t i = 0; i < iterations; i++) {
		union {
			struct inotify_event event;
			char bytes[EVENTS_BYTES];
		} events;
		if (futimens(data->file, NULL) != 0)
			return bench_fail(state, "futimens: %s", strerror(errno));
		ssize_t got = read(data->inotify, &events, sizeof(events));
		if (got != (ssize_t)sizeof(events.event))
			return bench_fail(state, "not one event but %zd bytes: %s", got,
					  got < 0 ? strerror(errno) : "");
		if (events.event.wd != watch || events.event.mask != IN_ATTRIB)
			return bench_fail(state, "another event: %#x", events.event.mask);
		data->right_events++;
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_events;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->inotify > 0)
		(void)close(data->inotify);
	if (data->file > 0)
		(void)close(data->file);
}

static const struct bench lat_inotify = {
	.name = "lat_inotify",
	.summary = "touch a watched file and read the event",
	.doc = "Times futimens() of a memory file that an inotify instance watches for changes of\n"
	       "attributes, and read() of the event from the instance, in one task: from the touch\n"
	       "to the news of it, without a switch to another task and without a disk. The cost of\n"
	       "the touch is in the figure, as it would be for a program. Each event is\n"
	       "read before the next is made, because equal ones that wait are merged, and\n"
	       "the read never waits. Work proof: each read must bring exactly one event, of this\n"
	       "watch and of this kind.\n"
	       "Idea: inotify(7).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_inotify);
