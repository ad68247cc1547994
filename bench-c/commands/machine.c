// SPDX-License-Identifier: GPL-2.0-or-later
/* Gets the figures of the report: by measuring, or out of a document. */
#include "machine.h"

#include "budget.h"
#include "headline.h"
#include "progress.h"
#include "resolve.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const double limit_s = 60;
static const double most_s = 3;
static const double seek_ns = 12.7e6; /* 8.5 ms for the arm, half a turn at 7200 per minute */

static void explain(struct measured *measured, const char *reason)
{
	measured->value = NAN;
	(void)snprintf(measured->reason, MACHINE_REASON_SIZE, "%.*s", MACHINE_REASON_SIZE - 1,
		       reason);
}

/* What stands behind the words of a row; NULL where the user did not ask for it. */
static const char *argument_of(const struct machine *machine, enum reach reach)
{
	switch (reach) {
	case REACH_PEER:
		return machine->request->peer;
	case REACH_DIRECTORY:
	case REACH_DIFFERENCE:
		return machine->request->remote_directory;
	default:
		return "";
	}
}

static void ask(struct machine *machine, struct measured *measured, const char *words,
		const char *argument)
{
	char all[512];
	char complaint[512] = "";
	struct spec_list one = {0};
	unsigned cpus = (unsigned)CPU_COUNT(&machine->request->options.allowed);

	measured->spec = SIZE_MAX;
	(void)snprintf(all, sizeof(all), "%s%s", words, argument);
	if (!resolve_add(&one, all, cpus, complaint, sizeof(complaint)) ||
	    !resolve_add(&machine->list, all, cpus, complaint, sizeof(complaint)))
		explain(measured, complaint);
	else
		measured->spec = spec_find(&machine->list, &one.specs[0]);
	spec_list_free(&one);
}

static void ask_all(struct machine *machine)
{
	for (size_t i = 0; i < BASIS_COUNT; i++) {
		machine->sources[i] = (struct measured){.value = NAN, .spec = SIZE_MAX};
		if (basis_sources[i].words != NULL)
			ask(machine, &machine->sources[i], basis_sources[i].words, "");
	}
	for (size_t i = 0; i < prediction_count; i++) {
		const struct prediction *row = &predictions[i];
		const char *argument = argument_of(machine, row->reach);
		machine->rows[i] = (struct measured){.value = NAN, .spec = SIZE_MAX};
		if (argument == NULL || row->words == NULL)
			explain(&machine->rows[i], "not asked");
		else
			ask(machine, &machine->rows[i], row->words, argument);
	}
}

/* The same run may serve a basic figure and a row. */
static void deliver(struct machine *machine, size_t spec, const struct measured *found)
{
	for (size_t i = 0; i < BASIS_COUNT + prediction_count; i++) {
		struct measured *to =
			i < BASIS_COUNT ? &machine->sources[i] : &machine->rows[i - BASIS_COUNT];
		if (to->spec != spec)
			continue;
		*to = *found;
		to->spec = spec;
	}
}

static void take_result(void *context, const struct result *result)
{
	struct machine *machine = context;
	struct measured found = {.value = NAN};

	if (result->status == STATUS_DONE) {
		found.value = headline_of(result, &result->metrics[0]).value;
		found.spread = result->metrics[0].stats.mad;
	} else {
		explain(&found, result->reason);
	}
	deliver(machine, spec_find(&machine->list, &result->spec), &found);
}

static void take_progress(void *context, const struct progress *progress)
{
	(void)context;
	progress_show(progress);
}

static bool share(void *context, const struct progress *progress, unsigned rounds_had,
		  struct options *options)
{
	static const struct budget budget = {.limit_s = limit_s, .most_s = most_s};

	(void)context;
	return budget_share(&budget, progress, rounds_had, options);
}

/* Bytes; NAN if the kernel does not say. */
static double available_memory(void)
{
	double kilobytes = NAN;
	char line[256];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kilobytes = strtod(line + 13, NULL);
	if (file != NULL)
		(void)fclose(file);
	return 1024 * kilobytes;
}

/* Whether the disk of scratch files turns. A virtual one says so too, but has no arm. */
static bool disk_turns(void)
{
	static const char *const places[] = {"queue", "../queue"}; /* of a disk; of a partition */
	const char *directory = getenv("TMPDIR");
	char link[64];
	char device[PATH_MAX];
	char path[PATH_MAX + 32];
	struct stat facts;
	int flag = '0';

	if (stat(directory == NULL || *directory == '\0' ? "/var/tmp" : directory, &facts) != 0)
		return false;
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(facts.st_dev),
		       minor(facts.st_dev));
	if (realpath(link, device) == NULL || strstr(device, "/virtio") != NULL ||
	    strstr(device, "/vbd-") != NULL)
		return false;
	for (size_t i = 0; i < 2 && flag == '0'; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/rotational", device, places[i]);
		FILE *file = fopen(path, "re");
		flag = file == NULL ? '0' : fgetc(file);
		if (file != NULL)
			(void)fclose(file);
	}
	return flag == '1';
}

/* What follows from all that was found. */
static void settle(struct machine *machine, double cycle_ns, double memory, bool turns)
{
	machine->basis = basis_unknown();
	for (size_t i = 0; i < BASIS_COUNT; i++)
		machine->basis.of[i] = machine->sources[i].value;
	machine->basis.of[BASIS_CYCLE] = cycle_ns;
	machine->basis.of[BASIS_FREE_MEMORY] = memory;
	machine->basis.of[BASIS_SEEK] = turns ? seek_ns : 0;
	for (size_t i = 0; i < prediction_count; i++) {
		if (predictions[i].reach != REACH_DIFFERENCE || isnan(machine->rows[i].value))
			continue;
		machine->rows[i].value -= machine->basis.of[BASIS_DISK];
		if (isnan(machine->rows[i].value))
			explain(&machine->rows[i], "the local figure is missing");
	}
}

static void search_file_cache(struct machine *machine)
{
	progress_say("file cache: reading growing files for %.0f s at most",
		     machine->request->file_cache_s);
	for (size_t i = 0; i < prediction_count; i++)
		if (predictions[i].reach == REACH_FILE_CACHE)
			machine->rows[i] = machine_file_cache(machine->request->file_cache_s);
}

int machine_measure(struct machine *machine)
{
	const struct schedule schedule = {.list = &machine->list,
					  .options = machine->request->options,
					  .limit_s = limit_s,
					  .adapt = share,
					  .finished = take_result,
					  .progress = take_progress,
					  .context = machine};
	const struct host host = host_facts();
	struct tally tally;

	(void)snprintf(machine->host, sizeof(machine->host), "%s, Linux %s",
		       *host.cpu_model == '\0' ? host.machine : host.cpu_model, host.uname_release);
	ask_all(machine);
	if (schedule_run(&schedule, &tally) != 0)
		return command_error("no memory: %s", strerror(errno));
	double memory = available_memory();
	if (machine->request->file_cache_s > 0)
		search_file_cache(machine);
	settle(machine, machine->request->options.clock.cycle_ns, memory, disk_turns());
	return EXIT_DONE;
}

static double quoted(const struct json_value *metric)
{
	return json_number_of(json_get(metric, "headline"), "value",
			      json_number_of(metric, "median", NAN));
}

static void take_from(struct machine *machine, const struct json_value *benchmarks, size_t spec)
{
	struct measured found = {.value = NAN};
	const struct json_value *at = benchmarks == NULL ? NULL : benchmarks->first;

	while (at != NULL && !spec_is_of(&machine->list.specs[spec], at))
		at = at->next;
	const struct json_value *metrics = json_get(at, "metrics");
	if (at == NULL) {
		explain(&found, "not in the document");
	} else if (metrics == NULL || metrics->first == NULL) {
		explain(&found, json_text_of(at, "reason", "no figure"));
	} else {
		found.value = quoted(metrics->first);
		found.spread = json_number_of(metrics->first, "mad", 0);
	}
	deliver(machine, spec, &found);
}

int machine_read(struct machine *machine, const char *path)
{
	struct json_document document;
	char complaint[256];

	if (!json_read_file(&document, path, complaint, sizeof(complaint))) {
		json_document_free(&document);
		return command_error("%s: %s", path, complaint);
	}
	const struct json_value *host = json_get(document.root, "host");
	bool fine = strcmp(json_text_of(document.root, "schema", ""), "kdyno.kbench/1") == 0;
	if (fine) {
		const struct json_value *clock = json_get(document.root, "clock");
		(void)snprintf(machine->host, sizeof(machine->host), "%s, Linux %s",
			       json_text_of(host, "cpu_model", "unknown CPU"),
			       json_text_of(host, "uname_release", "unknown"));
		ask_all(machine);
		for (size_t i = 0; i < machine->list.count; i++)
			take_from(machine, json_get(document.root, "benchmarks"), i);
		settle(machine, json_number_of(clock, "cycle_ns", NAN), NAN, false);
	}
	json_document_free(&document);
	return fine ? EXIT_DONE : command_error("%s: not a document of kbench run", path);
}
