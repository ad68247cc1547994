// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same operations as some of kbench's benchmarks, done the plain way: clock, a fixed batch,
 * clock, the best decile of the batches beside which the CPU was as quick as ever. Shares no code
 * with bench-c on purpose, so that the two can be wrong in different ways only.
 * probe CPU SECONDS FILE NAME...: JSON of nanoseconds per operation (or per byte) on stdout.
 */
#include "probe.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *path;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static double batch_ns(const struct probe *probe, long n)
{
	if (probe->before != NULL)
		probe->before();
	double begin_ns = now_ns();
	probe->loop(n);
	return now_ns() - begin_ns;
}

/* Slower when a sibling thread is busy, or the frequency lower. */
static double spin_ns(void)
{
	double least = 1e300;

	for (int chunk = 0; chunk < 3; chunk++) {
		double begin_ns = now_ns();
		for (volatile int i = 0; i < 5000; i++)
			;
		double took_ns = now_ns() - begin_ns;
		least = took_ns < least ? took_ns : least;
	}
	return least;
}

struct sample {
	double ns;
	double spin_ns; /* the slower one of before and after */
};

static int by_time(const void *left, const void *right)
{
	double a = ((const struct sample *)left)->ns;
	double b = ((const struct sample *)right)->ns;

	return (a > b) - (a < b);
}

static double best_decile_ns(struct sample *samples, size_t count)
{
	enum { FEW = 30 };
	double quickest = 1e300;
	size_t undisturbed = 0;

	qsort(samples, count, sizeof(*samples), by_time);
	double percentile = samples[count / 100].ns;
	for (size_t i = 0; i < count; i++)
		quickest = samples[i].spin_ns < quickest ? samples[i].spin_ns : quickest;
	for (size_t i = 0; i < count; i++)
		if (samples[i].spin_ns <= 1.05 * quickest)
			samples[undisturbed++] = samples[i];
	return undisturbed >= FEW ? samples[undisturbed / 10].ns : percentile;
}

static double quoted_ns(const struct probe *probe, double seconds)
{
	enum { SAMPLES_MAX = 20000 };
	static struct sample samples[SAMPLES_MAX];
	const double wanted_ns = 5e5;
	size_t count = 0;
	long n = 1;

	if (probe->open != NULL)
		probe->open();
	while (batch_ns(probe, n) < wanted_ns && (probe->most == 0 || 2 * n <= probe->most))
		n *= 2;
	double end_ns = now_ns() + 1e9 * seconds;
	double before_ns = spin_ns();
	while (count == 0 || (now_ns() < end_ns && count < SAMPLES_MAX)) {
		struct sample *sample = &samples[count++];
		sample->ns = batch_ns(probe, n) / (double)n;
		double after_ns = spin_ns();
		sample->spin_ns = after_ns > before_ns ? after_ns : before_ns;
		before_ns = after_ns;
	}
	return best_decile_ns(samples, count) / (probe->per > 0 ? probe->per : 1);
}

/* Each in a process of its own, which takes its children and descriptors with it. */
static double measured(const struct probe *probe, double seconds)
{
	double quoted = -1;
	int answer[2];

	MUST(pipe(answer) == 0);
	pid_t pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		quoted = quoted_ns(probe, seconds);
		_exit(write(answer[1], &quoted, sizeof(quoted)) != sizeof(quoted));
	}
	(void)close(answer[1]);
	if (read(answer[0], &quoted, sizeof(quoted)) != sizeof(quoted))
		quoted = -1;
	(void)close(answer[0]);
	(void)waitpid(pid, NULL, 0);
	return quoted;
}

static const struct probe *probe_named(const char *name)
{
	const struct probe *const families[] = {call_probes, memory_probes, task_probes};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (const struct probe *probe = families[i]; probe->name != NULL; probe++)
			if (strcmp(probe->name, name) == 0)
				return probe;
	return NULL;
}

int main(int count, char **words)
{
	cpu_set_t cpus;
	const char *comma = "";

	if (count < 5) {
		fprintf(stderr, "usage: %s CPU SECONDS FILE NAME...\n", words[0]);
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((size_t)atoi(words[1]), &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
	double seconds = atof(words[2]);
	path = words[3];
	printf("{");
	for (int i = 4; i < count; i++) {
		const struct probe *probe = probe_named(words[i]);
		if (probe == NULL) {
			fprintf(stderr, "%s: no such operation\n", words[i]);
			return 2;
		}
		fflush(stdout);
		printf("%s\"%s\": %.6g", comma, words[i], measured(probe, seconds));
		comma = ", ";
	}
	printf("}\n");
	return 0;
}
