// SPDX-License-Identifier: GPL-2.0-or-later
#include "schedule.h"

#include "random.h"
#include "rounds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

static const char time_is_over[] = "the time for all benchmarks was over before this one";

/* A schedule under way. */
struct run {
	const struct schedule *schedule;
	struct result **results;
	size_t *order;
	double begin_s;
	struct progress progress;
};

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Fisher and Yates. The remainder's bias is below 2^-50 for a few hundred benchmarks. */
void schedule_order(size_t *order, size_t count, uint64_t seed, unsigned round)
{
	uint64_t state = random_of_two(seed, round);

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; seed != 0 && i > 1; i--) {
		size_t j = (size_t)(random_next(&state) % i);
		size_t other = order[i - 1];
		order[i - 1] = order[j];
		order[j] = other;
	}
}

static unsigned rounds_of(const struct schedule *schedule)
{
	return schedule->options.rounds == 0 ? 1 : schedule->options.rounds;
}

static void tell(struct run *run, const struct spec *next)
{
	run->progress.next = next;
	run->progress.elapsed_s = seconds_now() - run->begin_s;
	if (run->schedule->progress != NULL)
		run->schedule->progress(run->schedule->context, &run->progress);
}

static bool is_over(const struct run *run)
{
	double limit_s = run->schedule->limit_s;

	return limit_s > 0 && seconds_now() - run->begin_s >= limit_s;
}

/* A benchmark that failed in one round will hardly do better in the next, and its figures are
 * gone anyhow. */
static bool is_settled(const struct result *result)
{
	return result->round_count > 0 && result->status != STATUS_DONE;
}

static void start(struct run *run, struct result *result, const struct options *options)
{
	double sampled_s = result->sampling_s;
	double begin_s = seconds_now();

	(void)session_run_isolated(result, options);
	double spent_s = seconds_now() - begin_s;
	result->spent_s += spent_s;
	if (result->status != STATUS_DONE)
		return;
	run->progress.started++;
	run->progress.started_s += fmax(0, spent_s - (result->sampling_s - sampled_s));
}

static void run_one(struct run *run, struct result *result)
{
	const struct schedule *schedule = run->schedule;
	struct options options = schedule->options;

	if (!is_settled(result) && !is_over(run)) {
		if (schedule->adapt == NULL || schedule->adapt(schedule->context, &run->progress,
							       result->round_count, &options))
			start(run, result, &options);
	} else if (result->round_count == 0) {
		result_explain(result, "%s", time_is_over);
		(void)result_end(result, STATUS_SKIP);
	}
}

static void finish(struct run *run, struct result *result, struct tally *tally)
{
	if (result->status == STATUS_DONE && result->round_count < rounds_of(run->schedule))
		(void)rounds_conclude(result); /* fewer rounds than asked for */
	tally->done += result->status == STATUS_DONE;
	tally->failed += result->status == STATUS_ERROR;
	tally->skipped += result->status == STATUS_SKIP;
	run->schedule->finished(run->schedule->context, result);
}

static void run_round(struct run *run, unsigned round, struct tally *tally)
{
	const struct schedule *schedule = run->schedule;
	size_t count = schedule->list->count;

	schedule_order(run->order, count, schedule->options.seed, round);
	for (size_t i = 0; i < count; i++) {
		struct result *result = run->results[run->order[i]];
		tell(run, &schedule->list->specs[run->order[i]]);
		run_one(run, result);
		run->progress.done++;
		if (round + 1 == rounds_of(schedule))
			finish(run, result, tally);
	}
}

static int open_run(struct run *run, const struct schedule *schedule)
{
	size_t count = schedule->list->count;

	*run = (struct run){
		.schedule = schedule,
		.results = calloc(count + 1, sizeof(struct result *)),
		.order = calloc(count + 1, sizeof(size_t)),
		.begin_s = seconds_now(),
		.progress = {.total = count * rounds_of(schedule)},
	};
	if (run->results == NULL || run->order == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		run->results[i] =
			result_new(&schedule->list->specs[i], schedule->options.plan.samples_max);
		if (run->results[i] == NULL)
			return -1;
	}
	return 0;
}

static void close_run(struct run *run)
{
	for (size_t i = 0; run->results != NULL && run->results[i] != NULL; i++)
		result_free(run->results[i]);
	free(run->results);
	free(run->order);
}

int schedule_run(const struct schedule *schedule, struct tally *tally)
{
	struct run run;
	int error = open_run(&run, schedule);
	int saved = errno;

	*tally = (struct tally){0};
	for (unsigned round = 0; error == 0 && round < rounds_of(schedule); round++)
		run_round(&run, round, tally);
	if (error == 0)
		tell(&run, NULL);
	close_run(&run);
	errno = saved;
	return error;
}
