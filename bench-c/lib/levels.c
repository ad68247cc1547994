// SPDX-License-Identifier: GPL-2.0-or-later
/* Sweeps the benchmarks of the memory hierarchy over sizes and reads levels from the curves. */
#include "levels.h"

#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum {
	SAMPLES_MIN = 50, /* short ones fit between two interruptions */
	SAMPLES_MAX = 400,
	PARTS = 2, /* points in an octave of sizes */
	SIZE_MIN = 4 << 10,
	SIZE_TOP_MIN = 64 << 20,
	SIZE_TOP_MAX = 512 << 20,
	LINE_SIZE_DEFAULT = 128 << 10,
	POINT_MS = 15, /* budget of a point, without setting up */
	REQUEST_SIZE = 128,
	DISTANCE_MIN = 16,
	DISTANCE_MAX = 256,
	DISTANCES_MAX = 5,
};

/* Within a third: a size measured lies between two points of the sweep, and sets of a cache
 * that fill up before others make it look smaller. */
static const double agreement_ratio = 1.5;

struct sweep {
	struct levels *levels;
	struct options options; /* of one point */
	uint64_t deadline_ns;
	uint64_t line_size; /* memory in which pairs are tried */
	struct plateau_point pairs[DISTANCES_MAX];
	size_t pair_count;
};

/* The best time per operation, as nothing but noise can add to it. A status. */
static int measure_point(struct sweep *sweep, const char *request, double *ns)
{
	struct levels *levels = sweep->levels;
	struct spec_list list = {0};
	int status = STATUS_ERROR;

	if (!spec_list_add(&list, request, PLACEMENT_SAME_CPU, levels->reason,
			   sizeof(levels->reason)))
		return status;
	struct result *result = result_new(&list.specs[0], SAMPLES_MAX);
	if (result == NULL) {
		(void)snprintf(levels->reason, sizeof(levels->reason), "%s", strerror(errno));
		spec_list_free(&list);
		return status;
	}
	status = session_run_isolated(result, &sweep->options);
	if (status == STATUS_DONE)
		*ns = result->metrics[0].stats.min;
	else
		(void)snprintf(levels->reason, sizeof(levels->reason), "%.60s: %.90s", request,
			       result->reason);
	result_free(result);
	spec_list_free(&list);
	return status;
}

/* One point of a curve. A status. */
typedef int point_fn(struct sweep *sweep, uint64_t x, double *ns);

static int time_size(struct sweep *sweep, uint64_t size, double *ns)
{
	char request[REQUEST_SIZE];

	(void)snprintf(request, sizeof(request), "lat_mem:size_bytes=%" PRIu64 ":pages=%s", size,
		       sweep->levels->huge_pages ? "huge" : "4k");
	return measure_point(sweep, request, ns);
}

/* The translation alone, on top of what a load takes that needs none: the caches' part, which
 * grows with the number of pages, is not of interest here. */
static int time_pages(struct sweep *sweep, uint64_t pages, double *ns)
{
	char request[REQUEST_SIZE];

	(void)snprintf(request, sizeof(request), "lat_tlb:pages=%" PRIu64, pages);
	int status = measure_point(sweep, request, ns);
	*ns = fmax(*ns, 0) + sweep->levels->load_ns;
	return status;
}

static int time_pair(struct sweep *sweep, uint64_t distance, double *ns)
{
	char request[REQUEST_SIZE];

	(void)snprintf(request, sizeof(request),
		       "lat_mem_line:size_bytes=%" PRIu64 ":distance_bytes=%" PRIu64,
		       sweep->line_size, distance);
	return measure_point(sweep, request, ns);
}

static int add_point(struct sweep *sweep, point_fn *time_point, uint64_t x,
		     struct plateau_point *points, size_t *count)
{
	double ns = 0;

	if (*count == PLATEAU_POINTS_MAX)
		return STATUS_DONE;
	int status = time_point(sweep, x, &ns);
	if (status == STATUS_DONE)
		points[(*count)++] = (struct plateau_point){(double)x, ns};
	return status;
}

/* The same points again, from the largest on, while there is time: what was disturbed the
 * first time seldom is every time. A status that is not done keeps what is there. */
static bool revisit(struct sweep *sweep, point_fn *time_point, struct plateau_point *points,
		    size_t count)
{
	for (size_t i = count; i-- > 0;) {
		double ns = 0;
		if (clock_now(&sweep->options.clock) >= sweep->deadline_ns)
			return false;
		if (time_point(sweep, (uint64_t)points[i].x, &ns) == STATUS_DONE)
			points[i].latency_ns = fmin(points[i].latency_ns, ns);
	}
	return true;
}

/* Far enough beyond the last cache that it hardly helps. */
static uint64_t largest_size(const struct levels *levels)
{
	uint64_t size = SIZE_TOP_MIN;

	for (size_t i = 0; i < levels->cache_count; i++)
		if (size < 4 * levels->caches[i].said_size_bytes)
			size = 4 * levels->caches[i].said_size_bytes;
	return size > SIZE_TOP_MAX ? SIZE_TOP_MAX : size;
}

static int add_size(struct sweep *sweep, uint64_t size)
{
	struct levels *levels = sweep->levels;

	return add_point(sweep, time_size, size, levels->curve, &levels->curve_count);
}

/* A size that memory is lacking for ends the curve; it is drawn with what there is. */
static int sweep_sizes(struct sweep *sweep)
{
	struct levels *levels = sweep->levels;
	uint64_t top = largest_size(levels);

	levels->huge_pages = true;
	int status = add_size(sweep, SIZE_MIN);
	if (status == STATUS_SKIP) {
		levels->huge_pages = false;
		status = add_size(sweep, SIZE_MIN);
	}
	for (uint64_t octave = SIZE_MIN; octave <= top && status == STATUS_DONE; octave *= 2) {
		uint64_t step = octave / PARTS;
		for (uint64_t size = octave; size < 2 * octave && size <= top; size += step)
			if (size > SIZE_MIN && status == STATUS_DONE)
				status = add_size(sweep, size);
	}
	return status == STATUS_SKIP && levels->curve_count > 0 ? STATUS_DONE : status;
}

/* A size a few times that of the first cache, so that its misses are what is seen. */
static int sweep_distances(struct sweep *sweep)
{
	int status = STATUS_DONE;
	struct plateau first[1];

	sweep->line_size = LINE_SIZE_DEFAULT;
	if (plateau_find(sweep->levels->curve, sweep->levels->curve_count, first, 1) == 1 &&
	    first[0].ends_at > 0)
		sweep->line_size = 4 * (uint64_t)exp2(round(log2(first[0].ends_at)));
	for (unsigned distance = DISTANCE_MIN; distance <= DISTANCE_MAX && status == STATUS_DONE;
	     distance *= 2)
		status = add_point(sweep, time_pair, distance, sweep->pairs, &sweep->pair_count);
	return status;
}

static int sweep_pages(struct sweep *sweep)
{
	static const unsigned counts[] = {8,   16,   32,   48,	 64,   96,   128,  256,
					  512, 1024, 1536, 2048, 3072, 4096, 8192, 16384};
	struct levels *levels = sweep->levels;
	int status = STATUS_DONE;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && status == STATUS_DONE; i++)
		status = add_point(sweep, time_pages, counts[i], levels->pages,
				   &levels->pages_count);
	return status == STATUS_SKIP ? STATUS_DONE : status;
}

static void find_tlbs(struct levels *levels)
{
	struct plateau found[LEVELS_TLBS_MAX + 1];
	size_t count = plateau_find(levels->pages, levels->pages_count, found, LEVELS_TLBS_MAX + 1);

	for (size_t i = 0; i < count && i < LEVELS_TLBS_MAX && found[i].ends_at > 0; i++)
		levels->tlb_pages[levels->tlb_count++] = found[i].ends_at;
	if (levels->pages_count == 0)
		return;
	const struct plateau_point *last = &levels->pages[levels->pages_count - 1];
	levels->tlb_miss_ns = fmax(last->latency_ns - levels->load_ns, 0);
	levels->tlb_miss_pages = (uint64_t)last->x;
}

/* Puts the measured beside the said; one that is said nowhere gets a place of its own. */
static void find_levels(struct levels *levels)
{
	struct plateau found[LEVELS_CACHES_MAX + 1];
	double sizes[LEVELS_CACHES_MAX + 1];
	double said[LEVELS_CACHES_MAX];
	int said_of[LEVELS_CACHES_MAX + 1];
	size_t said_count = levels->cache_count;
	size_t count =
		plateau_find(levels->curve, levels->curve_count, found, LEVELS_CACHES_MAX + 1);
	size_t caches = 0;

	if (count > 0 && found[count - 1].ends_at == 0)
		levels->memory_latency_ns = found[count - 1].latency_ns;
	for (; caches < count && caches < LEVELS_CACHES_MAX && found[caches].ends_at > 0; caches++)
		sizes[caches] = found[caches].ends_at;
	for (size_t i = 0; i < said_count; i++)
		said[i] = (double)levels->caches[i].said_size_bytes;
	plateau_match(sizes, caches, said, said_count, said_of);
	for (size_t i = 0; i < caches; i++) {
		if (said_of[i] < 0 && levels->cache_count == LEVELS_CACHES_MAX)
			continue;
		struct levels_cache *cache =
			&levels->caches[said_of[i] >= 0 ? (size_t)said_of[i]
							: levels->cache_count++];
		if (said_of[i] < 0)
			*cache = (struct levels_cache){.level = (unsigned)levels->cache_count};
		cache->latency_ns = found[i].latency_ns;
		cache->size_bytes = found[i].ends_at;
	}
}

static unsigned cpu_of(const struct options *options)
{
	struct topology topology;

	topology_read(&topology, &options->allowed);
	cpu_set_t cpus = placement_cpus(PLACEMENT_SAME_CPU, 0, &options->allowed, &topology);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			return cpu;
	return 0;
}

static int sweep_all(struct sweep *sweep)
{
	struct levels *levels = sweep->levels;

	int status = sweep_sizes(sweep);
	if (status == STATUS_DONE) {
		levels->load_ns = levels->curve[0].latency_ns;
		status = sweep_distances(sweep);
	}
	if (status == STATUS_DONE)
		status = sweep_pages(sweep);
	while (status == STATUS_DONE &&
	       revisit(sweep, time_size, levels->curve, levels->curve_count) &&
	       revisit(sweep, time_pair, sweep->pairs, sweep->pair_count) &&
	       revisit(sweep, time_pages, levels->pages, levels->pages_count))
		;
	return status;
}

int levels_measure(struct levels *levels, const struct options *options, double budget_s)
{
	struct sweep sweep = {.levels = levels, .options = *options};
	char directory[64];

	*levels = (struct levels){.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
				  .cpu = cpu_of(options)};
	(void)snprintf(directory, sizeof(directory), "/sys/devices/system/cpu/cpu%u", levels->cpu);
	levels->cache_count = levels_read_said(directory, levels->caches);
	sweep.options.plan = (struct sampling_plan){.target_relative = 0.005,
						    .confidence = 0.95,
						    .samples_min = SAMPLES_MIN,
						    .samples_max = SAMPLES_MAX,
						    .budget_ns = POINT_MS * 1e6};
	sweep.options.rounds = 1;
	sweep.options.isolation.without_huge_pages = false;
	sweep.deadline_ns = clock_now(&options->clock) + (uint64_t)(budget_s * 1e9);
	if (sweep_all(&sweep) != STATUS_DONE)
		return -1;
	find_levels(levels);
	find_tlbs(levels);
	levels->line_bytes = plateau_line(sweep.pairs, sweep.pair_count);
	return 0;
}

bool levels_agree(double measured, double said)
{
	return measured > 0 && said > 0 && measured < agreement_ratio * said &&
	       said < agreement_ratio * measured;
}
