// SPDX-License-Identifier: GPL-2.0-or-later
/* Where tasks go, on machines of all shapes. */
#include "fake.h"

#include "placement.h"

#include <string.h>

enum { NOWHERE = -1 };

/* Two nodes, on each two caches, on each two cores of two threads: CPU = 8 node + 4 cache + 2 core
 * + thread. */
static struct topology big_machine(void)
{
	struct topology topology;

	memset(&topology, 0, sizeof(topology));
	for (int16_t cpu = 0; cpu < 16; cpu++) {
		topology.core[cpu] = (int16_t)(cpu & ~1);
		topology.cache[cpu] = (int16_t)(cpu & ~3);
		topology.node[cpu] = (int16_t)(cpu / 8);
	}
	return topology;
}

static cpu_set_t first_cpus(size_t count)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (size_t cpu = 0; cpu < count; cpu++)
		CPU_SET(cpu, &cpus);
	return cpus;
}

static int cpu_of(enum placement placement, size_t task, const cpu_set_t *allowed,
		  const struct topology *topology)
{
	cpu_set_t cpus = placement_cpus(placement, task, allowed, topology);

	assert_true(CPU_COUNT(&cpus) <= 1);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &cpus))
			return cpu;
	return NOWHERE;
}

static void each_placement_has_its_relation(void **state)
{
	static const struct {
		enum placement placement;
		int cpus[4]; /* of tasks 0 to 3 */
	} cases[] = {
		{PLACEMENT_SAME_CPU, {15, 15, 15, 15}},
		{PLACEMENT_CROSS_CPU, {15, 13, 11, 9}},
		{PLACEMENT_SMT, {15, 14, NOWHERE, NOWHERE}},
		{PLACEMENT_SAME_LLC, {15, 13, 12, NOWHERE}},
		{PLACEMENT_CROSS_LLC, {15, 11, 9, 10}},
		{PLACEMENT_CROSS_NODE, {15, 7, 5, 3}},
	};
	struct topology topology = big_machine();
	cpu_set_t allowed = first_cpus(16);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t task = 0; task < 4; task++)
			assert_int_equal(cpu_of(cases[i].placement, task, &allowed, &topology),
					 cases[i].cpus[task]);
}

static void free_is_everywhere_allowed(void **state)
{
	struct topology topology = big_machine();
	cpu_set_t allowed = first_cpus(5);
	cpu_set_t cpus = placement_cpus(PLACEMENT_FREE, 3, &allowed, &topology);

	(void)state;
	assert_true(CPU_EQUAL(&cpus, &allowed));
}

static void cross_cpu_takes_threads_of_cores_last(void **state)
{
	struct topology topology = big_machine();
	cpu_set_t allowed = first_cpus(4);

	(void)state;
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 0, &allowed, &topology), 3);
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 1, &allowed, &topology), 1);
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 2, &allowed, &topology), 2);
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 3, &allowed, &topology), 0);
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 4, &allowed, &topology), NOWHERE);
}

static void what_cannot_be_is_said(void **state)
{
	struct topology topology = big_machine();
	cpu_set_t one_cache = first_cpus(4);

	(void)state;
	assert_null(placement_obstacle(PLACEMENT_SMT, 2, &one_cache, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_SMT, 3, &one_cache, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_LLC, 2, &one_cache, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_NODE, 2, &one_cache, &topology));
	assert_null(placement_obstacle(PLACEMENT_CROSS_CPU, 4, &one_cache, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_CPU, 5, &one_cache, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_CPU, 1, &one_cache, &topology));
	assert_null(placement_obstacle(PLACEMENT_SAME_CPU, 100, &one_cache, &topology));
	assert_null(placement_obstacle(PLACEMENT_FREE, 100, &one_cache, &topology));
}

static void unknown_caches_are_not_taken_for_shared_ones(void **state)
{
	struct topology topology = big_machine();
	cpu_set_t all = first_cpus(16);

	(void)state;
	for (size_t cpu = 0; cpu < 16; cpu++)
		topology.cache[cpu] = -1;
	assert_non_null(placement_obstacle(PLACEMENT_SAME_LLC, 2, &all, &topology));
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_LLC, 2, &all, &topology));
	assert_null(placement_obstacle(PLACEMENT_CROSS_CPU, 16, &all, &topology));
}

/* Offline CPUs leave holes in the numbers. */
static void numbers_may_have_holes(void **state)
{
	struct topology topology = big_machine();
	cpu_set_t holes;

	(void)state;
	CPU_ZERO(&holes);
	CPU_SET(3, &holes);
	CPU_SET(9, &holes);
	assert_int_equal(cpu_of(PLACEMENT_SAME_CPU, 5, &holes, &topology), 9);
	assert_int_equal(cpu_of(PLACEMENT_CROSS_CPU, 1, &holes, &topology), 3);
	assert_non_null(placement_obstacle(PLACEMENT_CROSS_CPU, 3, &holes, &topology));
}

static void names_go_both_ways(void **state)
{
	enum placement placement;

	(void)state;
	for (int i = 0; i < PLACEMENT_COUNT; i++) {
		assert_true(placement_from_name(placement_name((enum placement)i), &placement));
		assert_int_equal(placement, i);
	}
	assert_false(placement_from_name("there", &placement));
}

static void reads_the_kernels_lists(void **state)
{
	static const struct {
		const char *text;
		int lowest;
		int count;
	} cases[] = {
		{"0\n", 0, 1}, {"0-3", 0, 4},	    {"8,2-3\n", 2, 3},
		{"", -1, 0},   {"3-1", -1, -1},	    {"1-", -1, -1},
		{"x", -1, -1}, {"0-99999", -1, -1}, {"0,5x", -1, -1},
	};
	cpu_set_t cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(topology_parse_list(cases[i].text, &cpus), cases[i].lowest);
		if (cases[i].count >= 0)
			assert_int_equal(CPU_COUNT(&cpus), cases[i].count);
	}
}

static void this_machine_is_consistent(void **state)
{
	struct topology topology;
	cpu_set_t allowed;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	topology_read(&topology, &allowed);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		assert_true(topology.core[cpu] <= (int)cpu);
		/* who shares a core shares its caches and its node */
		assert_int_equal(topology.cache[cpu], topology.cache[topology.core[cpu]]);
		assert_int_equal(topology.node[cpu], topology.node[topology.core[cpu]]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_placement_has_its_relation),
		cmocka_unit_test(free_is_everywhere_allowed),
		cmocka_unit_test(cross_cpu_takes_threads_of_cores_last),
		cmocka_unit_test(what_cannot_be_is_said),
		cmocka_unit_test(unknown_caches_are_not_taken_for_shared_ones),
		cmocka_unit_test(numbers_may_have_holes),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(reads_the_kernels_lists),
		cmocka_unit_test(this_machine_is_consistent),
	};

	return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
