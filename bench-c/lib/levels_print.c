// SPDX-License-Identifier: GPL-2.0-or-later
/* The levels for people, with a picture of the curve, and for programs. */
#include "levels.h"

#include "json.h"
#include "provenance.h"

#include <inttypes.h>
#include <math.h>

enum { PLOT_COLUMNS = 60, SIZE_TEXT = 24 };

/* Two digits: no size is measured better. */
static const char *size_text(double bytes, char text[SIZE_TEXT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
	size_t unit = 0;

	if (bytes <= 0)
		return "-";
	for (; bytes >= 1000 && unit < 3; unit++)
		bytes /= 1024;
	(void)snprintf(text, SIZE_TEXT,
		       bytes < 10 && fabs(bytes - round(bytes)) > 0.05 ? "%.1f %s" : "%.0f %s",
		       bytes, units[unit]);
	return text;
}

static const char *verdict(double measured, double said)
{
	if (said <= 0)
		return "not said";
	if (measured <= 0)
		return "not found";
	return levels_agree(measured, said) ? "agrees" : "differs";
}

/* From the fastest to the slowest on a logarithmic scale: each level is a straight edge. */
static void plot(FILE *out, const struct levels *levels)
{
	double low = INFINITY;
	double high = 0;

	for (size_t i = 0; i < levels->curve_count; i++) {
		low = fmin(low, levels->curve[i].latency_ns);
		high = fmax(high, levels->curve[i].latency_ns);
	}
	(void)fprintf(out, "\n%9s %8s  (logarithmic)\n", "bytes", "ns");
	for (size_t i = 0; i < levels->curve_count; i++) {
		const struct plateau_point *point = &levels->curve[i];
		char text[SIZE_TEXT];
		double share = high > low ? log(point->latency_ns / low) / log(high / low) : 0;
		int columns = 1 + (int)lround(share * (PLOT_COLUMNS - 1));
		(void)fprintf(out, "%9s %8.2f  ", size_text(point->x, text), point->latency_ns);
		for (int j = 0; j < columns; j++)
			(void)fputc('#', out);
		(void)fputc('\n', out);
	}
}

static void print_caches(FILE *out, const struct levels *levels)
{
	char measured[SIZE_TEXT];
	char said[SIZE_TEXT];

	(void)fprintf(out, "%-8s %10s %14s %14s  %-10s %s\n", "level", "latency", "size measured",
		      "size said", "", "shared by CPUs");
	for (size_t i = 0; i < levels->cache_count; i++) {
		const struct levels_cache *cache = &levels->caches[i];
		char latency[SIZE_TEXT] = "-";
		if (cache->latency_ns > 0)
			(void)snprintf(latency, sizeof(latency), "%.3g ns", cache->latency_ns);
		(void)fprintf(out, "L%-7u %10s %14s %14s  %-10s %s\n", cache->level, latency,
			      size_text(cache->size_bytes, measured),
			      size_text((double)cache->said_size_bytes, said),
			      verdict(cache->size_bytes, (double)cache->said_size_bytes),
			      cache->shared_cpus);
	}
	if (levels->memory_latency_ns > 0)
		(void)fprintf(out, "%-8s %7.3g ns\n", "memory", levels->memory_latency_ns);
	else
		(void)fprintf(out, "%-8s %10s\n", "memory", "-");
}

void levels_print_text(FILE *out, const struct levels *levels)
{
	char text[SIZE_TEXT];
	uint64_t said_line = levels->cache_count > 0 ? levels->caches[0].said_line_bytes : 0;

	print_caches(out, levels);
	(void)fprintf(out, "line     %s measured, %" PRIu64 " B said: %s\n",
		      size_text(levels->line_bytes, text), said_line,
		      verdict(levels->line_bytes, (double)said_line));
	for (size_t i = 0; i < levels->tlb_count; i++)
		(void)fprintf(out, "TLB %zu    reaches %.0f pages, %s\n", i + 1,
			      levels->tlb_pages[i],
			      size_text(levels->tlb_pages[i] * (double)levels->page_bytes, text));
	if (levels->tlb_miss_pages > 0)
		(void)fprintf(out, "walk     adds %.3g ns to a load from %" PRIu64 " pages\n",
			      levels->tlb_miss_ns, levels->tlb_miss_pages);
	plot(out, levels);
	(void)fprintf(out,
		      "\nDependent loads in random order, %s. CPU %u. A virtual machine may say\n"
		      "sizes that its host does not have, and share the last cache with others: a\n"
		      "size that differs is then what was left to it.\n",
		      levels->huge_pages ? "huge pages"
					 : "base pages (no huge ones: TLB misses count)",
		      levels->cpu);
}

static void put_if_known(struct json *json, const char *key, double value)
{
	if (value > 0)
		json_put_number_at(json, key, value);
}

static void put_cache(struct json *json, const struct levels_cache *cache)
{
	json_begin_object(json);
	json_put_integer_at(json, "level", cache->level);
	put_if_known(json, "latency_ns", cache->latency_ns);
	put_if_known(json, "size_bytes", round(cache->size_bytes));
	put_if_known(json, "said_size_bytes", (double)cache->said_size_bytes);
	put_if_known(json, "said_line_bytes", (double)cache->said_line_bytes);
	json_put_string_at(json, "size_verdict",
			   verdict(cache->size_bytes, (double)cache->said_size_bytes));
	json_put_string_at(json, "shared_cpus", cache->shared_cpus);
	json_end_object(json);
}

static void put_points(struct json *json, const char *key, const char *x,
		       const struct plateau_point *points, size_t count)
{
	json_key(json, key);
	json_begin_array(json);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(json);
		json_put_number_at(json, x, points[i].x);
		json_put_number_at(json, "latency_ns", points[i].latency_ns);
		json_end_object(json);
	}
	json_end_array(json);
}

void levels_print_json(FILE *out, const struct levels *levels)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_put_string_at(&json, "schema", "kdyno.kbench.levels/1");
	provenance_json(&json);
	json_put_integer_at(&json, "cpu", levels->cpu);
	json_put_string_at(&json, "pages", levels->huge_pages ? "huge" : "base");
	json_key(&json, "caches");
	json_begin_array(&json);
	for (size_t i = 0; i < levels->cache_count; i++)
		put_cache(&json, &levels->caches[i]);
	json_end_array(&json);
	put_if_known(&json, "memory_latency_ns", levels->memory_latency_ns);
	put_if_known(&json, "line_bytes", levels->line_bytes);
	json_key(&json, "tlb_reach_pages");
	json_begin_array(&json);
	for (size_t i = 0; i < levels->tlb_count; i++)
		json_put_number(&json, round(levels->tlb_pages[i]));
	json_end_array(&json);
	json_put_integer_at(&json, "page_bytes", (int64_t)levels->page_bytes);
	put_if_known(&json, "tlb_miss_ns", levels->tlb_miss_ns);
	json_put_integer_at(&json, "tlb_miss_pages", (int64_t)levels->tlb_miss_pages);
	put_points(&json, "curve", "size_bytes", levels->curve, levels->curve_count);
	put_points(&json, "translation", "pages", levels->pages, levels->pages_count);
	json_end_object(&json);
	(void)fputc('\n', out);
}

int levels_print(FILE *out, bool json, const struct options *options, double budget_s)
{
	static struct levels levels;

	if (levels_measure(&levels, options, budget_s) != 0) {
		(void)fprintf(stderr, "kbench: levels: %s\n", levels.reason);
		return -1;
	}
	if (json)
		levels_print_json(out, &levels);
	else
		levels_print_text(out, &levels);
	return fflush(out) != 0 || ferror(out) != 0 ? -1 : 0;
}
