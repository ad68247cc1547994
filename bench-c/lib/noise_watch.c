// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files stay open and are read again from their beginning, which costs a microsecond or a few.
 * The kernel makes up all of /proc/stat for each reading, with a number for each interrupt of
 * each CPU: on a large machine that is too slow to be done between samples, and is left out.
 */
#include "noise_watch.h"

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const double stat_cost_max_ns = 30e3;

enum { STEAL_FIELD = 8, COST_TRIES = 3 };

static const char *read_again(int fd, char *text, size_t size)
{
	ssize_t got = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (got <= 0)
		return NULL;
	text[got] = '\0';
	return text;
}

/* proc(5): the time spent running, the time spent waiting to run, both in ns. */
static bool read_run_delay(const struct noise_watch *watch, struct noise_reading *reading)
{
	char text[96];
	char *end = NULL;
	const char *got = read_again(watch->schedstat_fd, text, sizeof(text));

	if (got == NULL)
		return false;
	(void)strtoull(got, &end, 10);
	reading->run_delay_ns = strtoull(end, NULL, 10);
	return true;
}

static bool parse_stat(const char *stat, int cpu, struct noise_reading *reading)
{
	char name[16];
	char *end = NULL;

	(void)snprintf(name, sizeof(name), cpu < 0 ? "cpu " : "\ncpu%d ", cpu);
	const char *line = strstr(stat, name);
	const char *interrupts = strstr(stat, "\nintr ");
	if (line == NULL || interrupts == NULL)
		return false;
	end = strchr(line + 1, ' ');
	for (unsigned field = 1; field <= STEAL_FIELD && end != NULL; field++)
		reading->steal_ticks = strtoull(end, &end, 10);
	reading->interrupts = strtoull(interrupts + strlen("\nintr "), NULL, 10);
	return true;
}

static bool read_stat(struct noise_watch *watch, struct noise_reading *reading)
{
	const char *stat = read_again(watch->stat_fd, watch->stat, sizeof(watch->stat));

	return stat != NULL && parse_stat(stat, watch->all_cpus ? -1 : reading->cpu, reading);
}

/* The probe comes last, so that it stands nearest to the next sample. */
static void read_all(struct noise_watch *watch, struct noise_reading *reading)
{
	struct rusage usage;

	*reading = (struct noise_reading){.cpu = sched_getcpu()};
	if (watch->watched & NOISE_DELAYED)
		(void)read_run_delay(watch, reading);
	if (watch->watched & NOISE_STOLEN)
		(void)read_stat(watch, reading);
	if ((watch->watched & NOISE_PREEMPTED) && getrusage(RUSAGE_THREAD, &usage) == 0)
		reading->involuntary_switches = usage.ru_nivcsw;
	if (watch->watched & NOISE_SLOW_CLOCK) {
		struct clock_probe probe = clock_probe(watch->clock);
		reading->probe_loop_ns = probe.loop_ns;
		reading->probe_hole_ns = probe.hole_ns;
		watch->probes_ns[watch->probe_count++ % PROBES_KEPT] = probe.loop_ns;
	}
}

static bool stat_is_cheap(struct noise_watch *watch)
{
	struct noise_reading reading = {.cpu = sched_getcpu()};
	double best_ns = INFINITY;

	for (unsigned i = 0; i < COST_TRIES; i++) {
		uint64_t begin_ns = clock_now(watch->clock);
		if (!read_stat(watch, &reading))
			return false;
		best_ns = fmin(best_ns, (double)(clock_now(watch->clock) - begin_ns));
	}
	return best_ns <= stat_cost_max_ns;
}

void noise_watch_open(struct noise_watch *watch, const struct clock *clock, bool single_task,
		      bool all_cpus)
{
	struct noise_reading reading;

	*watch = (struct noise_watch){.clock = clock, .all_cpus = all_cpus};
	/* In a slow phase the clock, too, was measured slow. */
	watch->usual.best_loop_ns =
		clock->quickest_loop_ns > 0 ? clock->quickest_loop_ns : clock->loop_ns;
	watch->schedstat_fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	watch->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	if (stat_is_cheap(watch))
		watch->watched |= NOISE_STOLEN | NOISE_INTERRUPTED;
	if (clock->loop_ns > 0) /* else it has not been measured */
		watch->watched |= NOISE_SLOW_CLOCK | NOISE_GAP;
	if (!single_task)
		return;
	watch->watched |= NOISE_PREEMPTED | NOISE_MIGRATED;
	if (read_run_delay(watch, &reading))
		watch->watched |= NOISE_DELAYED;
}

void noise_watch_close(struct noise_watch *watch)
{
	if (watch->schedstat_fd >= 0)
		(void)close(watch->schedstat_fd);
	if (watch->stat_fd >= 0)
		(void)close(watch->stat_fd);
	watch->schedstat_fd = -1;
	watch->stat_fd = -1;
}

double noise_watch_loop_ns(const struct noise_watch *watch)
{
	size_t count = watch->probe_count < PROBES_KEPT ? watch->probe_count : PROBES_KEPT;
	double best_ns = count == 0 ? 0 : watch->probes_ns[0];

	for (size_t i = 1; i < count; i++)
		best_ns = fmin(best_ns, watch->probes_ns[i]);
	return best_ns;
}

void noise_watch_begin(struct noise_watch *watch)
{
	read_all(watch, &watch->last);
}

uint8_t noise_watch_sample(struct noise_watch *watch, double sample_ns)
{
	struct noise_reading now;

	read_all(watch, &now);
	uint8_t flags = noise_of(&watch->last, &now, sample_ns, watch->watched, &watch->usual);
	watch->last = now;
	return flags;
}
