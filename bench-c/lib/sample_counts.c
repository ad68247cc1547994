// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample_counts.h"

#include "state.h"

#include <sys/resource.h>

enum { PAGE_FAULTS, CONTEXT_SWITCHES, FIRST_OF_PROCESSOR };

const enum counter sampled_kinds[SAMPLED_KINDS] = {
	[PAGE_FAULTS] = COUNTER_PAGE_FAULTS,
	[CONTEXT_SWITCHES] = COUNTER_CONTEXT_SWITCHES,
	[FIRST_OF_PROCESSOR] = COUNTER_CYCLES,
	COUNTER_INSTRUCTIONS,
	COUNTER_LLC_MISSES,
	COUNTER_DTLB_MISSES,
};

const char *const sample_scope_names[] = {
	[SCOPE_NOTHING] = "none",
	[SCOPE_TASK] = "task",
	[SCOPE_CPUS] = "cpus",
};

static void read_usage(double *values)
{
	static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
	struct rusage usage;

	values[PAGE_FAULTS] = 0;
	values[CONTEXT_SWITCHES] = 0;
	for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
		(void)getrusage(whose[i], &usage); /* fails for nothing but bad arguments */
		values[PAGE_FAULTS] += (double)(usage.ru_minflt + usage.ru_majflt);
		values[CONTEXT_SWITCHES] += (double)(usage.ru_nvcsw + usage.ru_nivcsw);
	}
}

/* Those of the processor's events that can be counted at all, first things first. */
static size_t countable(struct sample_reader *reader, struct perf_event *events, int cpu)
{
	struct perf_group alone;
	size_t count = 0;

	for (size_t kind = FIRST_OF_PROCESSOR; kind < SAMPLED_KINDS; kind++) {
		struct perf_event event = counter_event(sampled_kinds[kind]);
		if (perf_group_open(&alone, &event, 1, cpu) != 0)
			continue;
		perf_group_close(&alone);
		reader->kind_of_event[count] = kind;
		events[count++] = event;
	}
	return count;
}

/* A watchdog may hold one of the counters: then the group opens, and never runs. */
static bool runs(const struct perf_group *group)
{
	struct perf_group_reading reading;

	return perf_group_read(group, &reading) && reading.running_ns > 0;
}

/* With as many events as fit into the processor; how many. */
static size_t open_first(struct sample_reader *reader, const struct perf_event *events,
			 size_t count, int cpu)
{
	for (; count > 0; count--) {
		if (perf_group_open(&reader->groups[0], events, count, cpu) != 0)
			continue;
		if (runs(&reader->groups[0]))
			break;
		perf_group_close(&reader->groups[0]);
	}
	reader->group_count = count > 0;
	return count;
}

static void close_groups(struct sample_reader *reader)
{
	while (reader->group_count > 0)
		perf_group_close(&reader->groups[--reader->group_count]);
}

/* `cpus` has one or more of them, or is one -1. */
static bool open_groups(struct sample_reader *reader, const int *cpus, size_t cpu_count)
{
	struct perf_event events[PERF_GROUP_MAX];
	size_t count = countable(reader, events, cpus[0]);

	count = open_first(reader, events, count, cpus[0]);
	while (count > 0 && reader->group_count < cpu_count) {
		size_t next = reader->group_count;
		if (perf_group_open(&reader->groups[next], events, count, cpus[next]) != 0) {
			close_groups(reader);
			return false;
		}
		reader->group_count++;
	}
	for (size_t i = 0; i < count; i++)
		reader->known[reader->kind_of_event[i]] = true;
	return count > 0;
}

/* Of all tasks; 0 when there are more than room. */
static size_t list_cpus(const struct bench_state *state, int *cpus)
{
	const struct spec *spec = &state->result->spec;
	unsigned tasks = spec_tasks(spec);
	cpu_set_t all;
	size_t count = 0;

	CPU_ZERO(&all);
	for (unsigned task = 0; task < tasks; task++) {
		cpu_set_t some =
			placement_cpus(spec->placement, task, &state->allowed, state->topology);
		CPU_OR(&all, &all, &some);
	}
	if (CPU_COUNT(&all) > SAMPLED_CPUS_MAX)
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &all))
			cpus[count++] = cpu;
	return count;
}

void sample_reader_open(struct sample_reader *reader, const struct bench_state *state)
{
	static const int no_cpu = -1;
	bool single = spec_tasks(&state->result->spec) == 1 &&
		      state->child_count + state->thread_count == 0;
	int cpus[SAMPLED_CPUS_MAX];
	size_t count = list_cpus(state, cpus);

	*reader = (struct sample_reader){.scope = SCOPE_NOTHING};
	reader->known[PAGE_FAULTS] = true;
	reader->known[CONTEXT_SWITCHES] = true;
	if (count > 0 && open_groups(reader, cpus, count))
		reader->scope = SCOPE_CPUS;
	else if (single && open_groups(reader, &no_cpu, 1))
		reader->scope = SCOPE_TASK;
}

void sample_reader_close(struct sample_reader *reader)
{
	close_groups(reader);
}

static void forget_processor(struct sample_reader *reader)
{
	for (size_t kind = FIRST_OF_PROCESSOR; kind < SAMPLED_KINDS; kind++)
		reader->known[kind] = false;
	close_groups(reader);
}

/* The processor's last here and first at the end, so that they see the least of this. */
void sample_reader_begin(void *context)
{
	struct sample_reader *reader = context;

	read_usage(reader->usage_at_begin);
	for (size_t i = 0; i < reader->group_count; i++)
		if (!perf_group_read(&reader->groups[i], &reader->at_begin[i]))
			forget_processor(reader);
}

static void add_group(struct sample_reader *reader, size_t group)
{
	struct perf_group_reading now;

	if (!perf_group_read(&reader->groups[group], &now)) {
		forget_processor(reader);
		return;
	}
	for (size_t i = 0; i < reader->groups[group].count; i++) {
		double value = perf_group_between(&reader->at_begin[group], &now, i);
		if (value < 0)
			reader->known[reader->kind_of_event[i]] = false;
		reader->during[reader->kind_of_event[i]] += value;
	}
}

void sample_reader_end(void *context)
{
	struct sample_reader *reader = context;
	double usage[2];

	for (size_t kind = FIRST_OF_PROCESSOR; kind < SAMPLED_KINDS; kind++)
		reader->during[kind] = 0;
	for (size_t group = reader->group_count; group-- > 0 && group < reader->group_count;)
		add_group(reader, group);
	read_usage(usage);
	for (size_t kind = 0; kind < FIRST_OF_PROCESSOR; kind++)
		reader->during[kind] = usage[kind] - reader->usage_at_begin[kind];
}

void sample_counts_put(struct sample_counts *counts, const struct sample_reader *reader,
		       size_t index)
{
	bool first = index == 0;

	counts->scope = reader->scope;
	for (size_t kind = 0; kind < SAMPLED_KINDS; kind++) {
		counts->known[kind] = reader->known[kind] && (first || counts->known[kind]);
		counts->of_samples[kind][index] = (float)reader->during[kind];
	}
}
