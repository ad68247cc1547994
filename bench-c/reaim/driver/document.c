// SPDX-License-Identifier: GPL-2.0-or-later
#include "document.h"

#include "catalogue.h"
#include "complain.h"
#include "document_parts.h"
#include "provenance.h"

#include <errno.h>
#include <string.h>

static const char *const status_names[] = {
	[EXIT_DONE] = "done",
	[EXIT_FAILED] = "error",
	[EXIT_SKIPPED] = "skip",
};

static void write_parameters(struct json *json, const struct run *run)
{
	const struct settings *settings = run->settings;

	json_key(json, "parameters");
	json_begin_object(json);
	json_put_integer_at(json, "start_users", settings->start_users);
	json_put_integer_at(json, "end_users", settings->end_users);
	json_put_integer_at(json, "increment", settings->increment);
	json_put_integer_at(json, "jobs", settings->jobs);
	json_put_integer_at(json, "repeat", settings->repeat);
	json_put_integer_at(json, "period_s", settings->period_s);
	json_put_integer_at(json, "filesize_bytes", (int64_t)run->file_bytes);
	json_put_integer_at(json, "poolsize_bytes", (int64_t)run->pool_bytes);
	json_put_integer_at(json, "block_bytes", (int64_t)settings->block_bytes);
	json_put_integer_at(json, "disk_directories",
			    settings->directory_count == 0 ? 1
							   : (int64_t)settings->directory_count);
	json_put_number_at(json, "cache_fraction", settings->cache_fraction);
	json_put_bool_at(json, "common_file", settings->common_file);
	json_put_bool_at(json, "drop_cache", settings->drop_cache);
	json_put_bool_at(json, "sync", !settings->no_sync);
	json_put_bool_at(json, "adaptive_timer", !settings->timer_off);
	json_put_bool_at(json, "compat", settings->compat);
	json_end_object(json);
}

static void write_subtests(struct json *json, const struct run *run)
{
	size_t blocks = workfile_blocks(run->file_bytes, run->pool_bytes, 1);

	json_key(json, "workfile");
	json_begin_object(json);
	json_put_string_at(json, "path", run->settings->workfile);
	json_put_integer_at(json, "total_weight", (int64_t)run->workfile.total_weight);
	json_end_object(json);
	json_key(json, "subtests");
	json_begin_array(json);
	for (size_t i = 0; i < run->workfile.count; i++) {
		const struct test *test = &run->workfile.tests[i];
		json_begin_object(json);
		json_put_string_at(json, "name", test->op->name);
		json_put_integer_at(json, "weight", test->weight);
		json_put_string_at(json, "operation_unit", test->op->unit);
		json_put_number_at(json, "operations_per_job",
				   operations_per_job(test->op, blocks));
		json_end_object(json);
	}
	json_end_array(json);
	json_key(json, "skipped");
	json_begin_array(json);
	for (size_t i = 0; i < run->skipped_count; i++) {
		json_begin_object(json);
		json_put_string_at(json, "name", run->skipped[i].op->name);
		json_put_string_at(json, "reason", run->skipped[i].reason);
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_outcomes(struct json *json, const struct run *run)
{
	bool one_user = run->settings->one_user;

	json_key(json, one_user ? "single" : "passes");
	json_begin_array(json);
	for (size_t i = 0; i < run->outcomes.count; i++) {
		const struct outcome *outcome = &run->outcomes.items[i];
		if (one_user)
			document_test(json, outcome, &run->workfile, status_names[outcome->status]);
		else
			document_pass(json, outcome, &run->workfile);
	}
	json_end_array(json);
}

static void write_document(struct json *json, const struct run *run)
{
	const struct outcome *best = outcomes_best(&run->outcomes, 0);

	json_begin_object(json);
	json_put_string_at(json, "schema", "kdyno.reaim/1");
	json_put_string_at(json, "description",
			   "re-aim style workload, independent implementation");
	provenance_json(json);
	json_put_string_at(json, "mode", run->settings->one_user ? "oneuser" : "multiuser");
	json_put_string_at(json, "status", status_names[run->status]);
	json_put_string_at(json, "reason", run->status == EXIT_DONE ? "" : first_complaint());
	json_put_bool_at(json, "partial", run->status == EXIT_FAILED);
	json_put_integer_at(json, "seed", (int64_t)run->settings->seed);
	write_parameters(json, run);
	write_subtests(json, run);
	write_outcomes(json, run);
	if (!run->settings->one_user) {
		json_put_string_at(json, "ended", run->ended == NULL ? "" : run->ended);
		json_put_number_at(json, "max_jpm", best == NULL ? 0 : best->figures.jpm);
		json_put_integer_at(json, "max_jpm_users", best == NULL ? 0 : (int64_t)best->users);
	}
	document_metrics(json, run);
	json_end_object(json);
}

int document_write(const struct run *run)
{
	const char *path = run->settings->json_path;
	FILE *out = path == NULL ? stdout : fopen(path, "we");
	struct json json = {.out = out};

	if (out == NULL)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	write_document(&json, run);
	bool failed = fflush(out) != 0 || ferror(out) != 0 || json.failed;
	if (path != NULL && fclose(out) != 0)
		failed = true;
	if (failed)
		return complain(EXIT_FAILED, "the JSON document could not be written");
	return EXIT_DONE;
}

static void list_json(FILE *out)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_put_string_at(&json, "schema", "kdyno.reaim-list/1");
	json_key(&json, "subtests");
	json_begin_array(&json);
	for (size_t i = 0; i < catalogue_count(); i++) {
		const struct reaim_op *op = catalogue_at(i);
		json_begin_object(&json);
		json_put_string_at(&json, "name", op->name);
		json_put_string_at(&json, "kind", op->kind == REAIM_DISK ? "disk" : "plain");
		json_put_string_at(&json, "unit", op->unit);
		json_put_number_at(&json, "operations_per_job", op->operations);
		json_put_number_at(&json, "operations_per_block", op->operations_per_block);
		json_put_string_at(&json, "doc", op->doc);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
}

void list_write(FILE *out, bool json)
{
	if (json) {
		list_json(out);
		return;
	}
	for (size_t i = 0; i < catalogue_count(); i++) {
		const struct reaim_op *op = catalogue_at(i);
		if (op->kind == REAIM_DISK && op->operations_per_block > 0)
			(void)fprintf(out, "%-20s %g per KiB of file, %s\n", op->name,
				      op->operations_per_block, op->unit);
		else
			(void)fprintf(out, "%-20s %g per job, %s\n", op->name, op->operations,
				      op->unit);
		(void)fprintf(out, "    %s\n", op->doc);
	}
}
