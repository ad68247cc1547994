// SPDX-License-Identifier: GPL-2.0-or-later
/* --plan: what each user would do in the first pass. */
#include "document.h"

#include "json.h"

#include <stdlib.h>

typedef void child_fn(void *context, const struct run *run, size_t child, const uint16_t *order,
		      size_t jobs);

static void for_each_child(const struct run *run, const struct plan *plan, child_fn *put,
			   void *context)
{
	uint16_t *order = malloc(plan->jobs * sizeof(*order));

	for (size_t i = 0; i < (size_t)run->settings->start_users && order != NULL; i++) {
		struct random random = random_stream(run->settings->seed, i, RANDOM_ORDER);
		plan_draw(plan, &random, order);
		put(context, run, i, order, plan->jobs);
	}
	free(order);
}

static void put_text(void *context, const struct run *run, size_t child, const uint16_t *order,
		     size_t jobs)
{
	FILE *out = context;

	(void)fprintf(out, "child %zu:", child);
	for (size_t i = 0; i < jobs; i++)
		(void)fprintf(out, " %s", run->workfile.tests[order[i]].op->name);
	(void)fputc('\n', out);
}

static void put_json(void *context, const struct run *run, size_t child, const uint16_t *order,
		     size_t jobs)
{
	struct json *json = context;

	(void)child;
	json_begin_array(json);
	for (size_t i = 0; i < jobs; i++)
		json_put_string(json, run->workfile.tests[order[i]].op->name);
	json_end_array(json);
}

static void plan_json(FILE *out, const struct run *run, const struct plan *plan)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_put_string_at(&json, "schema", "kdyno.reaim-plan/1");
	json_put_integer_at(&json, "seed", (int64_t)run->settings->seed);
	json_put_integer_at(&json, "users", run->settings->start_users);
	json_put_integer_at(&json, "jobs_per_child", (int64_t)plan->jobs);
	json_put_integer_at(&json, "total_weight", (int64_t)run->workfile.total_weight);
	json_put_integer_at(&json, "file_kib",
			    (int64_t)workfile_blocks(run->file_bytes, run->pool_bytes,
						     (size_t)run->settings->start_users));
	json_key(&json, "loads");
	json_begin_object(&json);
	for (size_t i = 0; i < plan->count; i++)
		json_put_integer_at(&json, run->workfile.tests[i].op->name, plan->loads[i]);
	json_end_object(&json);
	json_key(&json, "children");
	json_begin_array(&json);
	for_each_child(run, plan, put_json, &json);
	json_end_array(&json);
	json_end_object(&json);
}

void plan_write(FILE *out, const struct run *run)
{
	static struct plan plan;

	plan_build(&plan, &run->workfile, (size_t)run->settings->jobs);
	if (run->settings->json)
		plan_json(out, run, &plan);
	else
		for_each_child(run, &plan, put_text, out);
}
